"""From the issuing state in the zone to the country in its certificates (Doc 9303 part 3 §5, part 12 §7.1.1).

The zone has three letters, certificates two (ISO 3166-1 alpha-3 and alpha-2), with Doc 9303's own codes besides.
"""

from __future__ import annotations

_ISO = """
ABWAW AFGAF AGOAO AIAAI ALAAX ALBAL ANDAD AREAE ARGAR ARMAM ASMAS ATAAQ ATFTF ATGAG AUSAU AUTAT AZEAZ
BDIBI BELBE BENBJ BESBQ BFABF BGDBD BGRBG BHRBH BHSBS BIHBA BLMBL BLRBY BLZBZ BMUBM BOLBO BRABR BRBBB
BRNBN BTNBT BVTBV BWABW CAFCF CANCA CCKCC CHECH CHLCL CHNCN CIVCI CMRCM CODCD COGCG COKCK COLCO COMKM
CPVCV CRICR CUBCU CUWCW CXRCX CYMKY CYPCY CZECZ DEUDE DJIDJ DMADM DNKDK DOMDO DZADZ ECUEC EGYEG ERIER
ESHEH ESPES ESTEE ETHET FINFI FJIFJ FLKFK FRAFR FROFO FSMFM GABGA GBRGB GEOGE GGYGG GHAGH GIBGI GINGN
GLPGP GMBGM GNBGW GNQGQ GRCGR GRDGD GRLGL GTMGT GUFGF GUMGU GUYGY HKGHK HMDHM HNDHN HRVHR HTIHT HUNHU
IDNID IMNIM INDIN IOTIO IRLIE IRNIR IRQIQ ISLIS ISRIL ITAIT JAMJM JEYJE JORJO JPNJP KAZKZ KENKE KGZKG
KHMKH KIRKI KNAKN KORKR KWTKW LAOLA LBNLB LBRLR LBYLY LCALC LIELI LKALK LSOLS LTULT LUXLU LVALV MACMO
MAFMF MARMA MCOMC MDAMD MDGMG MDVMV MEXMX MHLMH MKDMK MLIML MLTMT MMRMM MNEME MNGMN MNPMP MOZMZ MRTMR
MSRMS MTQMQ MUSMU MWIMW MYSMY MYTYT NAMNA NCLNC NERNE NFKNF NGANG NICNI NIUNU NLDNL NORNO NPLNP NRUNR
NZLNZ OMNOM PAKPK PANPA PCNPN PERPE PHLPH PLWPW PNGPG POLPL PRIPR PRKKP PRTPT PRYPY PSEPS PYFPF QATQA
REURE ROURO RUSRU RWARW SAUSA SDNSD SENSN SGPSG SGSGS SHNSH SJMSJ SLBSB SLESL SLVSV SMRSM SOMSO SPMPM
SRBRS SSDSS STPST SURSR SVKSK SVNSI SWESE SWZSZ SXMSX SYCSC SYRSY TCATC TCDTD TGOTG THATH TJKTJ TKLTK
TKMTM TLSTL TONTO TTOTT TUNTN TURTR TUVTV TWNTW TZATZ UGAUG UKRUA UMIUM URYUY USAUS UZBUZ VATVA VCTVC
VENVE VGBVG VIRVI VNMVN VUTVU WLFWF WSMWS YEMYE ZAFZA ZMBZM ZWEZW
"""
_OWN = {
    "D": "DE",
    "EUE": "EU",
    "GBD": "GB",
    "GBN": "GB",
    "GBO": "GB",
    "GBP": "GB",
    "GBS": "GB",
    "RKS": "KS",
    "UNA": "UN",
    "UNK": "UN",
    "UNO": "UN",
    "UTO": "UT",
    "XOM": "XO",
    "XPO": "XP",
}
_ALSO = {("RKS", "XK"), ("RKS", "RK"), ("XOM", "XX"), ("UTO", "UTO"), ("ZIM", "ZW"), ("ROM", "RO")}
_TWO = {pair[:3]: pair[3:] for pair in _ISO.split()} | _OWN
# Territories whose passports are signed by the state they belong to.
_SIGNED_BY = {"HKG": "CN", "MAC": "CN"}


def certificate_country(issuing_state: str) -> str | None:
    """Two-letter code for the zone's issuing state (fillers allowed); None for a code that no table holds."""
    return _TWO.get(issuing_state.strip("<"))


def signs_for(country: str, issuing_state: str) -> bool | None:
    """Whether a certificate of ``country`` may sign for the issuing state; None when the state's code is unknown."""
    state = issuing_state.strip("<")
    expected = _TWO.get(state)
    found = country.upper()
    if (state, found) in _ALSO or _SIGNED_BY.get(state) == found:
        return True
    return None if expected is None else expected == found
