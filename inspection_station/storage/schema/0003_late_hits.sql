-- Late hits: headquarters screened a sealed record again, with newer lists, and found what was not on the lists then.
-- Forward only: never edit after a release.

create table late_hit (
    position        integer primary key,
    late_hit_id     blob not null unique check (length(late_hit_id) = 32), -- SHA-256 of the statement
    inspection_id   text not null,          -- of a record that may lie in the store this one replaced: no reference
    late_hit        text not null,          -- canonical JSON: ids, and which identifiers agree; no person is named
    statement       blob not null,          -- the same as headquarters signed it
    signature       blob not null check (length(signature) = 64),
    received_at     text not null
) strict;
create index late_hit_by_inspection on late_hit (inspection_id);
create trigger late_hit_is_final before update on late_hit begin select raise(abort, 'append-only'); end;
create trigger late_hit_stays before delete on late_hit begin select raise(abort, 'append-only'); end;

create table late_hit_seen (                -- an officer has read the notice
    late_hit_id     blob primary key references late_hit (late_hit_id),
    officer_id      text not null,
    at              text not null
) strict, without rowid;
create trigger late_hit_seen_is_final before update on late_hit_seen begin select raise(abort, 'append-only'); end;
create trigger late_hit_seen_stays before delete on late_hit_seen begin select raise(abort, 'append-only'); end;

create table late_hit_told (                -- how far headquarters knows: 1 it lies here, 2 an officer has read it
    late_hit_id     blob primary key references late_hit (late_hit_id),
    told            integer not null default 0 check (told between 0 and 2)
) strict, without rowid;
create index late_hit_to_tell on late_hit_told (told) where told < 2;
