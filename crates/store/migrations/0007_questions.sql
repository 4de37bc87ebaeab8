-- Who wrote what a question says now: what is not a revision yet is kept under that name. What was being written
-- before this was known belongs to the question's author.
ALTER TABLE question ADD COLUMN writer_id TEXT REFERENCES person (id);
UPDATE question SET writer_id = author_id;
