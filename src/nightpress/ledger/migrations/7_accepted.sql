-- JSON: marks of findings that do not count for this document, as in nightpress.lock.
ALTER TABLE enhancements ADD COLUMN accepted TEXT;
