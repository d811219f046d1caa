-- INSERT OR REPLACE removes a row without firing its DELETE trigger, so that a final row could be
-- replaced; and an attempt that is inserted as `published` was never started or prepared.
CREATE TRIGGER enhancements_begin BEFORE INSERT ON enhancements
WHEN NEW.status <> 'started' OR EXISTS (SELECT 1 FROM enhancements WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'an attempt begins as started, with a number of its own'); END;
CREATE TRIGGER calls_begin BEFORE INSERT ON calls
WHEN EXISTS (SELECT 1 FROM calls WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'a call of the ledger never changes'); END;
CREATE TRIGGER chain_begin BEFORE INSERT ON chain
WHEN EXISTS (SELECT 1 FROM chain WHERE seq = NEW.seq OR (kind = NEW.kind AND row_id = NEW.row_id))
BEGIN SELECT RAISE(ABORT, 'the chain never changes'); END;
