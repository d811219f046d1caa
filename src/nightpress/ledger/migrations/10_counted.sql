-- What score_after was counted from, each deduction by its gate, in one line.
ALTER TABLE enhancements ADD COLUMN counted_from TEXT;
ALTER TABLE reviews ADD COLUMN counted_from TEXT;
