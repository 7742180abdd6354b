//! The text that `pg_restore` makes of a backup: statements, and between them rows in the form of COPY.

/// One piece of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Statements, one or more.
    Statements(String),
    /// The beginning of rows: the statement that takes them.
    Rows(String),
    /// One row, with the end of its line.
    Row(String),
    /// No more rows.
    NoMoreRows,
}

/// Takes the text line by line.
#[derive(Default)]
pub(super) struct Script {
    statements: String,
    in_rows: bool,
}

impl Script {
    /// What a line completes. A line that speaks to the program `psql` is for nobody here.
    pub(super) fn line(&mut self, line: &str) -> Vec<Piece> {
        if self.in_rows {
            if line == "\\." {
                self.in_rows = false;
                return vec![Piece::NoMoreRows];
            }
            return vec![Piece::Row(format!("{line}\n"))];
        }
        // The third is said by newer programs, and not understood by older servers.
        if ["\\restrict ", "\\unrestrict ", "SET transaction_timeout "].iter().any(|start| line.starts_with(start)) {
            return Vec::new();
        }
        if line.starts_with("COPY ") && line.ends_with(" FROM stdin;") {
            self.in_rows = true;
            let mut pieces = self.rest();
            pieces.push(Piece::Rows(line.trim_end_matches(';').to_owned()));
            return pieces;
        }
        if !line.is_empty() && !line.starts_with("--") {
            self.statements.push_str(line);
            self.statements.push('\n');
        }
        Vec::new()
    }

    /// What is left at the end.
    pub(super) fn rest(&mut self) -> Vec<Piece> {
        let statements = std::mem::take(&mut self.statements);
        if statements.is_empty() { Vec::new() } else { vec![Piece::Statements(statements)] }
    }

    /// Whether the text ended in the middle of rows.
    pub(super) const fn is_torn(&self) -> bool {
        self.in_rows
    }
}

/// The columns of a row in the form of COPY; the escapes of text that our own columns need are undone by the reader.
pub(super) fn columns(row: &str) -> Vec<&str> {
    row.trim_end_matches('\n').split('\t').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_and_rows_come_apart() {
        let text = "-- a comment\n\\restrict x\nSET a = 1;\nCREATE TABLE t (\n    x text\n);\n\nCOPY public.t (x, y) FROM stdin;\n1\t-- 2\n\\\\.\t\\N\n\\.\nSELECT 1;\n";
        let mut script = Script::default();
        let mut pieces: Vec<_> = text.lines().flat_map(|line| script.line(line)).collect();
        pieces.extend(script.rest());
        assert_eq!(
            pieces,
            [
                Piece::Statements("SET a = 1;\nCREATE TABLE t (\n    x text\n);\n".to_owned()),
                Piece::Rows("COPY public.t (x, y) FROM stdin".to_owned()),
                Piece::Row("1\t-- 2\n".to_owned()),
                Piece::Row("\\\\.\t\\N\n".to_owned()),
                Piece::NoMoreRows,
                Piece::Statements("SELECT 1;\n".to_owned()),
            ]
        );
        assert!(!script.is_torn());
        assert_eq!(columns("1\ttwo\n"), ["1", "two"]);
        script.line("COPY t (x) FROM stdin;");
        assert!(script.is_torn());
    }
}
