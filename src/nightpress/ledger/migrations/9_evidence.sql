-- JSON, of a published document: [heading, first line, last line, share of its text that rests on
-- something, ["FILE:LINE-LINE", ...]] of each section.
ALTER TABLE enhancements ADD COLUMN evidence TEXT;
