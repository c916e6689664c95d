-- Amounts are decimal text of a fixed width, so that they sort as numbers: 20 digits for 64 bits, 39 for 128.
-- Every order of events is (slot, place, number): the transaction's place among those of the program in its slot, the event's in the transaction.

-- The transactions that were read. The newest are listed again at each run, so nothing else has to be remembered.
CREATE TABLE IF NOT EXISTS transactions (
    signature TEXT PRIMARY KEY,
    slot INTEGER NOT NULL,
    place INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS transactions_in_order ON transactions (slot, place);

-- One row for each account that an event changed: a transfer has two.
CREATE TABLE IF NOT EXISTS events (
    account TEXT NOT NULL,
    slot INTEGER NOT NULL,
    place INTEGER NOT NULL,
    number INTEGER NOT NULL,
    signature TEXT NOT NULL,
    ts INTEGER NOT NULL,
    event TEXT NOT NULL,
    account_kind TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    closed INTEGER NOT NULL,
    security TEXT NOT NULL,
    holder TEXT,
    shares TEXT,
    checkpoint TEXT,
    accrued TEXT,
    claimed TEXT,
    data BLOB NOT NULL,
    PRIMARY KEY (account, signature, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS events_in_order ON events (account, slot, place, number);
CREATE INDEX IF NOT EXISTS events_of_holder ON events (holder, slot, place, number);

-- The last state of each position that is open.
CREATE TABLE IF NOT EXISTS positions (
    security TEXT NOT NULL,
    holder TEXT NOT NULL,
    account TEXT NOT NULL UNIQUE,
    shares TEXT NOT NULL,
    checkpoint TEXT NOT NULL,
    accrued TEXT NOT NULL,
    claimed TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    place INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (security, holder)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS positions_by_size ON positions (security, shares DESC, holder);

-- The last state of each security.
CREATE TABLE IF NOT EXISTS securities (
    security TEXT PRIMARY KEY,
    mint TEXT NOT NULL,
    issuer TEXT NOT NULL,
    name TEXT NOT NULL,
    symbol TEXT NOT NULL,
    decimals INTEGER NOT NULL,
    authorised TEXT NOT NULL,
    issued TEXT NOT NULL,
    reserved TEXT NOT NULL,
    registered TEXT NOT NULL,
    redeemed TEXT NOT NULL,
    received TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    place INTEGER NOT NULL,
    number INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS securities_of_mint ON securities (mint);
