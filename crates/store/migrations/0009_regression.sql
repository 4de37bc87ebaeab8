-- Diagrams can be met where a newer draft is further from the experts' text than the one before it.

ALTER TABLE diagram ADD COLUMN regression REAL NOT NULL DEFAULT 0;
CREATE INDEX diagram_by_regression ON diagram (regression, number);
