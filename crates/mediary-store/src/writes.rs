//! Writes by name, the counterpart of `record!`: a column and its value stand on one line, so that they cannot drift apart.
//!
//! [`update!`] and [`insert!`] give one statement: its text, which is made once in the life of the process, and its
//! arguments. [`row!`] is one row of a `Bulk`, whose statement names the columns by the first row.
//!
//! A column takes its value as it is, or SQL around it: `attempts = "attempts - ?" => refunded`. There `?` is the value of its own
//! line and `?name` that of the line of that name. Without a value the SQL stands alone: `attempts = "attempts + 1"`.

use std::borrow::Cow;

use crate::leases::Jobs;
use crate::value::Value;

/// Values and the columns that they are for.
pub(crate) struct Row {
    /// As a list in SQL.
    pub(crate) columns: &'static str,
    pub(crate) values: Vec<Value>,
}

/// One row, column by column.
macro_rules! row {
    ($first:ident => $first_value:expr $(, $column:ident => $value:expr)* $(,)?) => {
        $crate::writes::Row {
            columns: concat!(stringify!($first) $(, ", ", stringify!($column))*),
            values: $crate::value::args![$first_value $(, $value)*],
        }
    };
}
pub(crate) use row;

/// A column of a statement.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// What it becomes.
    pub(crate) sql: &'static str,
    /// Whether it has a value of its own.
    pub(crate) is_given: bool,
}

/// The parts of an `UPDATE` of one table.
pub(crate) struct Update {
    pub(crate) table: &'static str,
    pub(crate) set: &'static [Column],
    /// Further assignments, as SQL.
    pub(crate) also: Vec<Cow<'static, str>>,
    /// Columns that have to equal their values.
    pub(crate) keys: &'static [&'static str],
    /// Values that no column stands for.
    pub(crate) given: &'static [&'static str],
    /// Jobs of which only the holder of a lease changes one.
    pub(crate) fenced: Option<Jobs>,
    /// Further conditions, as SQL, and what is returned.
    pub(crate) and: Vec<Cow<'static, str>>,
}

impl Update {
    /// The statement. Its arguments are the values of the columns, then those of the keys, then the others, then the lease.
    pub(crate) fn text(&self) -> String {
        let columns = self.set.iter().filter(|column| column.is_given).map(|column| column.name);
        let (keys, given) = (self.keys.iter().copied(), self.given.iter().copied());
        let mut names: Vec<&str> = columns.collect();
        let first_key = names.len();
        names.extend(keys.chain(given));
        let set = self.set.iter().map(|Column { name, sql, .. }| {
            let own = names.iter().position(|given| given == name);
            format!("{name} = {}", numbered(sql, own, &names))
        });
        let also = self.also.iter().map(|sql| numbered(sql, None, &names));
        let keys = self.keys.iter().zip(first_key + 1..).map(|(name, number)| format!("{name} = ${number}"));
        let fence = self.fenced.as_ref().map(|jobs| {
            let lease = names.len();
            jobs.fence(&format!("${}", lease + 1), &format!("${}", lease + 2))
        });
        let and = self.and.iter().map(|sql| numbered(sql, None, &names));
        let (set, keys): (Vec<String>, Vec<String>) = (set.chain(also).collect(), keys.collect());
        let mut text = format!("UPDATE {} SET {} WHERE {}", self.table, set.join(", "), keys.join(" AND "));
        for condition in fence.into_iter().chain(and) {
            text.push_str(" AND ");
            text.push_str(&condition);
        }
        text
    }
}

/// SQL with numbers instead of `?` and `?name`. An unknown name stays, which no database accepts.
fn numbered(sql: &str, own: Option<usize>, names: &[&str]) -> String {
    let mut parts = sql.split('?');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(part.len());
        let (name, rest) = part.split_at(end);
        let number = if name.is_empty() { own } else { names.iter().position(|given| *given == name) };
        match number {
            Some(number) => text.push_str(&format!("${}", number + 1)),
            None => text.push_str(&format!("?{name}")),
        }
        text.push_str(rest);
    }
    text
}

/// One `UPDATE` and its arguments:
///
/// ```text
/// update! {
///     table set { column => value, column = "SQL" => value, column = "SQL" } also ["column = SQL", …]
///     where { column => value } given { name => value } fenced { JOBS => lease } and "SQL", …
/// }
/// ```
macro_rules! update {
    (
        $table:ident set { $($column:ident $(= $sql:expr)? $(=> $value:expr)?),+ $(,)? }
        $(also [$($also:expr),+ $(,)?])?
        where { $($key:ident => $key_value:expr),+ $(,)? }
        $(given { $($name:ident => $given:expr),+ $(,)? })?
        $(fenced { $jobs:expr => $lease:expr })?
        $(and $($and:expr),+ $(,)?)?
    ) => {{
        static SQL: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
            let statement = $crate::writes::Update {
                table: stringify!($table),
                set: &[$($crate::writes::Column {
                    name: stringify!($column),
                    sql: $crate::writes::update!(@sql $($sql)?),
                    is_given: $crate::writes::update!(@is_given $($value)?),
                }),+],
                also: vec![$($(std::borrow::Cow::from($also)),+)?],
                keys: &[$(stringify!($key)),+],
                given: &[$($(stringify!($name)),+)?],
                fenced: $crate::writes::update!(@fenced $($jobs)?),
                and: vec![$($(std::borrow::Cow::from($and)),+)?],
            };
            statement.text()
        });
        let args: Vec<$crate::value::Value> = vec![
            $($($crate::value::Value::from($value),)?)+
            $($crate::value::Value::from($key_value),)+
            $($($crate::value::Value::from($given),)+)?
            $($crate::value::Value::from($lease.owner.as_str()), $crate::value::Value::from($lease.number),)?
        ];
        (SQL.as_str(), args)
    }};
    (@sql) => { "?" };
    (@sql $sql:expr) => { $sql };
    (@fenced) => { None };
    (@fenced $jobs:expr) => { Some($jobs) };
    (@is_given) => { false };
    (@is_given $value:expr) => { true };
}
pub(crate) use update;

/// The text of an `INSERT` of one row.
pub(crate) fn insert_text(table: &str, columns: &str, count: usize, tail: &str) -> String {
    let values: Vec<String> = (1..=count).map(|number| format!("${number}")).collect();
    format!("INSERT INTO {table} ({columns}) VALUES ({}) {tail}", values.join(", "))
}

/// One `INSERT` of a row and its arguments: `insert! { table { column => value, … } "RETURNING …" }`.
macro_rules! insert {
    ($table:ident { $($column:ident => $value:expr),+ $(,)? } $($tail:expr)?) => {{
        let $crate::writes::Row { columns, values } = $crate::writes::row! { $($column => $value),+ };
        static SQL: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        let tail: &[&str] = &[$($tail)?];
        let text = || $crate::writes::insert_text(stringify!($table), columns, values.len(), &tail.concat());
        (SQL.get_or_init(text).as_str(), values)
    }};
}
pub(crate) use insert;

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(args: &[Value]) -> Vec<String> {
        let text = |value: &Value| match value {
            Value::Int(value) => format!("{value:?}"),
            Value::Text(value) => format!("{value:?}"),
            Value::Flag(value) => format!("{value:?}"),
            Value::Bytes(value) => format!("{value:?}"),
        };
        args.iter().map(text).collect()
    }

    #[test]
    fn update_numbers_its_values_in_the_order_of_their_lines() {
        const MORE: &str = "d = NULL";
        let (sql, args) = update! {
            things set {
                a => 1_i64,
                b = "b - ?" => 2_i64,
                c = "CASE WHEN ?is_named THEN ?a ELSE c END",
                type => "word",
            } also [MORE]
            where { company_id => 3_i64, id => 4_i64 }
            given { is_named => true }
            and "a <> ?a", "e RETURNING id"
        };
        assert_eq!(
            sql,
            "UPDATE things SET a = $1, b = b - $2, c = CASE WHEN $6 THEN $1 ELSE c END, type = $3, d = NULL \
                WHERE company_id = $4 AND id = $5 AND a <> $1 AND e RETURNING id"
        );
        assert_eq!(
            texts(&args),
            ["Some(1)", "Some(2)", "Some(\"word\")", "Some(3)", "Some(4)", "Some(true)"]
        );
    }

    #[test]
    fn insert_names_its_columns_and_returns_what_is_asked() {
        let (sql, args) = insert! { things { company_id => 1_i64, name => "n" } "RETURNING id" };
        assert_eq!(sql, "INSERT INTO things (company_id, name) VALUES ($1, $2) RETURNING id");
        assert_eq!(texts(&args), ["Some(1)", "Some(\"n\")"]);
        let (sql, _) = insert! { things { id => 1_i64 } };
        assert_eq!(sql.trim_end(), "INSERT INTO things (id) VALUES ($1)");
    }

    #[test]
    fn column_without_a_value_is_left_to_the_database_to_refuse() {
        assert_eq!(numbered("a = ?b AND c = ?", None, &["a"]), "a = ?b AND c = ?");
    }
}
