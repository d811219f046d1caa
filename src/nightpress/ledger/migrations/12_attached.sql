-- Ledgers of other machines that `nightpress merge` has attached, each whole, or what is new of it
-- since it was copied from this one or attached before (`parent`). Its rows have numbers here that
-- are `offset_...` larger than there, where theirs are above `after_...`; entries: of its chain;
-- before: the link that its first entry follows from; head: its last one; link: of the attached
-- ledgers among themselves.
CREATE TABLE attached (
  number INTEGER PRIMARY KEY,
  timestamp TEXT NOT NULL,
  ledger_id TEXT NOT NULL,
  parent INTEGER REFERENCES attached (number),
  first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  before TEXT NOT NULL,
  head TEXT NOT NULL UNIQUE,
  after_enhancement INTEGER NOT NULL,
  offset_enhancement INTEGER NOT NULL,
  after_call INTEGER NOT NULL,
  offset_call INTEGER NOT NULL,
  link TEXT NOT NULL
) STRICT;

-- The chains of the attached ledgers, as they were recorded there; row_id: the row's number here.
CREATE TABLE attached_chain (
  attached INTEGER NOT NULL REFERENCES attached (number),
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('enhancement', 'call')),
  row_id INTEGER NOT NULL,
  digest TEXT NOT NULL,
  link TEXT NOT NULL,
  PRIMARY KEY (attached, seq),
  UNIQUE (kind, row_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER attached_stays BEFORE UPDATE ON attached
BEGIN SELECT RAISE(ABORT, 'an attached ledger never changes'); END;
CREATE TRIGGER attached_no_delete BEFORE DELETE ON attached
BEGIN SELECT RAISE(ABORT, 'an attached ledger never changes'); END;
CREATE TRIGGER attached_chain_stays BEFORE UPDATE ON attached_chain
BEGIN SELECT RAISE(ABORT, 'the chain never changes'); END;
CREATE TRIGGER attached_chain_no_delete BEFORE DELETE ON attached_chain
BEGIN SELECT RAISE(ABORT, 'the chain never changes'); END;
