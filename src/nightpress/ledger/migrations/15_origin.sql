-- Of a reply that no call of this ledger brought: which run paid for it, and where it was found.
ALTER TABLE replies ADD COLUMN origin TEXT;
CREATE INDEX replies_origin ON replies (spent_on) WHERE origin IS NOT NULL;
