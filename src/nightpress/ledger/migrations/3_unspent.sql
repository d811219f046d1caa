-- Replies that were paid for and not used: few, among a long history of long texts.
CREATE INDEX replies_unspent ON replies (job) WHERE spent_on IS NULL;
