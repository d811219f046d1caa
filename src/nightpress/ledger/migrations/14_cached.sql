-- Of a call's input tokens, those that the provider had in its cache (null: none, or it says nothing).
ALTER TABLE calls ADD COLUMN tokens_cached INTEGER;
