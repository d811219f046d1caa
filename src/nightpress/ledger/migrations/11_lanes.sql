-- How a call was made (null: interactive), and what the provider said of its price.
ALTER TABLE calls ADD COLUMN lane TEXT;
ALTER TABLE calls ADD COLUMN tier TEXT;
