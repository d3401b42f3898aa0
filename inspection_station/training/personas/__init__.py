"""Training travellers from a seed: identity, passport page, face.

``traveller`` makes one, ``lesson`` a mixed set. Faces are drawn by our own code: nobody's picture is used.
"""

from inspection_station.training.personas.face_live import LiveCondition, LiveFace, live_frame
from inspection_station.training.personas.face_pictures import portrait
from inspection_station.training.personas.identity import Persona, PersonaKind, persona
from inspection_station.training.personas.stories import AnswerKey
from inspection_station.training.personas.traveller import TrainingTraveller, lesson, traveller

__all__ = [
    "AnswerKey",
    "LiveCondition",
    "LiveFace",
    "Persona",
    "PersonaKind",
    "TrainingTraveller",
    "lesson",
    "live_frame",
    "persona",
    "portrait",
    "traveller",
]
