-- Records, pictures, outbox, journal and audit of one station. Forward only: never edit after a release.
-- Bodies (record, history, picture, alert) are AES-256-GCM under the inspection's own key: destroying that one row
-- purges them all, while the append-only rows keep order, hashes and what was decided.

create table station (
    only_row        integer primary key check (only_row = 1),
    station_id      text not null,
    training        integer not null check (training in (0, 1)),
    created_at      text not null,
    opening         text not null,          -- drawn anew at every opening, also kept in the key store: shows a copied store
    opening_before  text not null
) strict;

create table incarnation (
    number      integer primary key,
    incarnation text not null unique,       -- UUIDv7
    began_at    text not null,
    reason      text not null
) strict;

create table inspection (
    position        integer primary key,    -- order in this store, over all incarnations
    inspection_id   text not null unique,
    incarnation     text not null references incarnation (incarnation),
    sequence        integer not null check (sequence > 0),
    previous_hash   blob not null check (length(previous_hash) = 32),
    hash            blob not null unique check (length(hash) = 32),
    scenario        text not null,
    disposition     text not null,
    decided_at      text not null,
    sealed_at       text not null,
    monotonic_ms    integer not null,
    supersedes      text,
    envelope        blob not null,          -- sealed body: the canonical envelope
    history         blob not null,          -- sealed body: the events
    unique (incarnation, sequence)
) strict;
create index inspection_by_decision on inspection (decided_at);
create index inspection_by_correction on inspection (supersedes) where supersedes is not null;

create table inspection_key (
    inspection_id   text primary key references inspection (inspection_id),
    key             blob not null check (length(key) = 32)
) strict, without rowid;

create table blob (
    inspection_id   text not null references inspection (inspection_id),
    sha256          blob not null check (length(sha256) = 32),
    purpose         text not null,
    media_type      text not null,
    size            integer not null,
    body            blob not null,          -- sealed body
    primary key (inspection_id, sha256)
) strict;

create table outbox (
    position        integer primary key,
    message_id      text not null unique,   -- UUIDv7
    lane            integer not null check (lane between 0 and 4),
    kind            text not null check (kind in ('alert', 'decision', 'picture')),
    inspection_id   text not null references inspection (inspection_id),
    sha256          blob not null check (length(sha256) = 32), -- of what is sent: envelope, alert or picture
    size            integer not null,
    payload         blob,                   -- sealed body of an alert; the others are kept once, in their own tables
    created_at      text not null,
    check ((kind = 'alert') = (payload is not null))
) strict;
create index outbox_by_inspection on outbox (inspection_id);

create table delivery (
    message_position integer primary key references outbox (position),
    lane            integer not null,
    state           text not null default 'waiting' check (state in ('waiting', 'sent', 'confirmed', 'held')),
    attempts        integer not null default 0,
    next_attempt_at text,
    reached         integer not null default 0 -- bytes of a picture that headquarters has
) strict;
create index delivery_waiting on delivery (lane, message_position) where state = 'waiting';
create index delivery_oldest on delivery (message_position) where state = 'waiting';

create table waiting (                      -- how many wait, by lane: asked for after every step, so never counted
    lane            integer primary key check (lane between 0 and 4),
    messages        integer not null check (messages >= 0)
) strict;
insert into waiting values (0, 0), (1, 0), (2, 0), (3, 0), (4, 0);
create trigger one_more_waits after insert on delivery when new.state = 'waiting'
    begin update waiting set messages = messages + 1 where lane = new.lane; end;
create trigger one_less_waits after update of state on delivery when old.state = 'waiting' and new.state <> 'waiting'
    begin update waiting set messages = messages - 1 where lane = new.lane; end;
create trigger one_waits_again after update of state on delivery when old.state <> 'waiting' and new.state = 'waiting'
    begin update waiting set messages = messages + 1 where lane = new.lane; end;

create table journal (
    inspection_id   text not null,
    number          integer not null,
    at              text not null,
    event           text not null,
    primary key (inspection_id, number)
) strict, without rowid;

create table audit (
    position        integer primary key,
    at              text not null,
    actor           text not null,
    act             text not null,
    subject         text not null,
    detail          text not null,
    previous_hash   blob not null check (length(previous_hash) = 32),
    hash            blob not null unique check (length(hash) = 32)
) strict;

create trigger station_stays before delete on station begin select raise(abort, 'append-only'); end;
create trigger incarnation_is_final before update on incarnation begin select raise(abort, 'append-only'); end;
create trigger incarnation_stays before delete on incarnation begin select raise(abort, 'append-only'); end;
create trigger inspection_is_final before update on inspection begin select raise(abort, 'append-only'); end;
create trigger inspection_stays before delete on inspection begin select raise(abort, 'append-only'); end;
create trigger blob_is_final before update on blob begin select raise(abort, 'append-only'); end;
create trigger blob_needs_purge before delete on blob
    when exists (select 1 from inspection_key where inspection_id = old.inspection_id)
    begin select raise(abort, 'append-only'); end;
create trigger key_is_final before update on inspection_key begin select raise(abort, 'append-only'); end;
create trigger outbox_is_final before update on outbox begin select raise(abort, 'append-only'); end;
create trigger outbox_stays before delete on outbox begin select raise(abort, 'append-only'); end;
create trigger lane_is_final before update of lane on delivery begin select raise(abort, 'append-only'); end;
create trigger delivery_stays before delete on delivery begin select raise(abort, 'append-only'); end;
create trigger audit_is_final before update on audit begin select raise(abort, 'append-only'); end;
create trigger audit_stays before delete on audit begin select raise(abort, 'append-only'); end;
