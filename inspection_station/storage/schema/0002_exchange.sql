-- What the exchange with headquarters needs: who the station is there, what headquarters has answered for, and what may
-- be destroyed because of that. Forward only: never edit after a release.

create table identity (                     -- of the station at headquarters; lies only in this encrypted file
    only_row        integer primary key check (only_row = 1),
    station_key     blob not null,          -- Ed25519: signs packets and bundles
    bundle_key      blob not null,          -- opens return bundles
    tls_key         blob not null,          -- PKCS #8, DER
    certificate     text not null,          -- PEM, short-lived
    authority       text not null,          -- PEM: the gateway's own authority
    gateway         text not null,          -- the gateway's id
    gateway_key     blob not null check (length(gateway_key) = 32), -- Ed25519: signs receipts
    gateway_bundle_key blob not null,       -- what bundles are sealed for
    address         text not null,
    enrolled_at     text not null
) strict;

create table exchange (
    only_row        integer primary key check (only_row = 1),
    epoch           integer not null default 0,
    size            integer not null default 0, -- newest proven head of headquarters' log
    root            blob not null check (length(root) = 32),
    durable_through integer not null default 0,
    failures        integer not null default 0, -- in a row
    not_before      text,                       -- no attempt before this
    packet_limit    integer not null default 100,
    fault           text not null default '',   -- code of the last failure, '' after a success
    last_contact    text,
    clock_offset_ms integer not null default 0, -- headquarters' clock minus ours at the last contact
    voyage          text not null default '',
    budget_bytes    integer,                    -- for pictures of this voyage; null: no limit
    used_bytes      integer not null default 0
) strict;
insert into exchange (only_row, root) values (1, x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');

create table receipt (
    position        integer primary key,
    gateway         text not null,
    epoch           integer not null,
    size            integer not null,
    root            blob not null check (length(root) = 32),
    durable_through integer not null,
    statement       blob not null,          -- what headquarters signed
    signature       blob not null check (length(signature) = 64),
    received_at     text not null,
    disproven       integer not null default 0 check (disproven in (0, 1)) -- headquarters has lost what it had signed
) strict;
create index receipt_standing on receipt (size) where disproven = 0;
create trigger receipt_is_final before update of position, gateway, epoch, size, root, durable_through, statement,
    signature, received_at on receipt begin select raise(abort, 'append-only'); end;
create trigger receipt_stays_disproven before update of disproven on receipt when new.disproven <= old.disproven
    begin select raise(abort, 'append-only'); end;
create trigger receipt_stays before delete on receipt begin select raise(abort, 'append-only'); end;

alter table delivery add column log_position integer;
alter table delivery add column receipt integer references receipt (position);
alter table delivery add column code text not null default '';
create index delivery_held on delivery (lane) where state = 'held';
create index delivery_confirmed on delivery (log_position) where state = 'confirmed';

create table open_case (                    -- while a case is open nothing of its inspection is destroyed
    inspection_id   text not null references inspection (inspection_id),
    case_id         text not null,
    opened_at       text not null,
    closed_at       text,
    primary key (inspection_id, case_id)
) strict, without rowid;
create trigger case_stays before delete on open_case begin select raise(abort, 'append-only'); end;
create trigger case_closes_once before update on open_case
    when old.closed_at is not null or new.inspection_id <> old.inspection_id or new.case_id <> old.case_id
      or new.opened_at <> old.opened_at
    begin select raise(abort, 'append-only'); end;

create table purge (
    inspection_id   text primary key references inspection (inspection_id),
    at              text not null,
    durable_through integer not null        -- headquarters' word on which it was destroyed
) strict, without rowid;
create trigger purge_is_final before update on purge begin select raise(abort, 'append-only'); end;
create trigger purge_stays before delete on purge begin select raise(abort, 'append-only'); end;
create trigger key_needs_purge before delete on inspection_key
    when not exists (select 1 from purge where inspection_id = old.inspection_id)
    begin select raise(abort, 'append-only'); end;
