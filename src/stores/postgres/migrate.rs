//! The schema and its versions.

use deadpool_postgres::Object;
use tokio_postgres::{Client, IsolationLevel, Row, Transaction};

use super::{
    ConnectProblem, PostgresOptions, PostgresStore,
    query::{first, get, params},
};
use crate::{
    channel::store::StoreError,
    stores::{columns::integer, failure::Answer},
};

/// What brings the schema from each version to the next one; nothing is version 0.
const MIGRATIONS: &[&str] =
    &[concat!(include_str!("schema/0001_tables.sql"), include_str!("schema/0001_functions.sql"))];

/// The version that a program has to know at least to work in the schema as it is now. A migration that older programs cannot live
/// with raises it to its own; they are refused then, when they open it and when they begin a run.
const SERVES_FROM: usize = 1;

/// Held while the schema is made or changed, whatever its name.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('shipstation-connector/schema', 0))";

const OLDEST_SERVER: i32 = 150_000;

pub(super) fn check_name(name: &str) -> Result<(), ConnectProblem> {
    let is_fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let begins_well =
        name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit()) && !name.starts_with("pg_");
    if begins_well && name.len() <= 60 && name.bytes().all(is_fine) {
        return Ok(());
    }
    Err(ConnectProblem::SchemaName { name: name.chars().take(60).collect() })
}

/// The statements that bring `schema` from `version` to the newest one.
fn steps(schema: &str, version: usize) -> String {
    let (make, version_table) = if version == 0 {
        (
            format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\";\n"),
            "CREATE TABLE schema_version (version bigint NOT NULL, serves_from bigint NOT NULL);\n\
             INSERT INTO schema_version VALUES (0, 0);\n",
        )
    } else {
        (String::new(), "")
    };
    let steps = MIGRATIONS.get(version..).unwrap_or_default().concat();
    // The path of whoever runs it is as before in the end.
    format!(
        "{make}SELECT set_config('shipstation_connector.path', current_setting('search_path'), false);\n\
         SET search_path TO \"{schema}\";\n{version_table}{steps}UPDATE schema_version SET version = {}, serves_from = {SERVES_FROM};\n\
         SELECT set_config('search_path', current_setting('shipstation_connector.path'), false);\n",
        MIGRATIONS.len()
    )
}

impl PostgresStore {
    /// What makes the whole schema, for a host that migrates with a tool of its own: to be run once.
    ///
    /// # Errors
    /// When the name of the schema is not allowed.
    pub fn schema_sql(schema: &str) -> Result<String, ConnectProblem> {
        check_name(schema)?;
        Ok(steps(schema, 0))
    }
}

/// Looks at the server, and makes the schema or brings it up to date.
pub(super) async fn open(client: &mut Object, options: &PostgresOptions) -> Result<(), ConnectProblem> {
    let client: &mut Client = client;
    let begin = client.build_transaction().isolation_level(IsolationLevel::ReadCommitted);
    let tx = begin.start().await?;
    check_server(&tx).await?;
    let schema = &options.schema;
    if version(&tx, schema).await? >= MIGRATIONS.len() {
        return Ok(());
    }
    if !options.migrates {
        return Err(ConnectProblem::NotMigrated { schema: schema.clone() });
    }
    tx.batch_execute(LOCK).await?;
    // Another process may have been first.
    let found = version(&tx, schema).await?;
    if found < MIGRATIONS.len() {
        tx.batch_execute(&steps(schema, found)).await?;
    }
    Ok(tx.commit().await?)
}

async fn check_server(tx: &Transaction<'_>) -> Result<(), ConnectProblem> {
    let about = "SELECT current_setting('server_version_num')::int, current_setting('server_version'),
                        current_setting('server_encoding'), current_setting('transaction_read_only') = 'on'";
    let about = tx.query_typed_one(about, &[]).await?;
    let encoding: String = about.try_get(2)?;
    if about.try_get::<_, i32>(0)? < OLDEST_SERVER {
        return Err(ConnectProblem::TooOld { found: about.try_get(1)? });
    }
    if encoding != "UTF8" {
        return Err(ConnectProblem::Encoding { found: encoding });
    }
    if about.try_get(3)? {
        return Err(ConnectProblem::ReadOnly);
    }
    Ok(())
}

/// The version of a schema, 0 where there is none. It may be newer than this program's, if it serves this one too.
async fn version(tx: &Transaction<'_>, schema: &str) -> Result<usize, ConnectProblem> {
    let tables = "SELECT count(*), count(*) FILTER (WHERE relname = 'schema_version') FROM pg_class
                  WHERE relnamespace = to_regnamespace($1) AND relkind IN ('r', 'p', 'v')";
    let name = format!("\"{schema}\"");
    let tables = tx.query_typed_one(tables, params![name]).await?;
    match (tables.try_get::<_, i64>(0)?, tables.try_get::<_, i64>(1)?) {
        (0, _) => return Ok(0),
        (_, 0) => return Err(ConnectProblem::NotOurs { schema: schema.to_owned() }),
        _ => {}
    }
    let found = format!("SELECT version, serves_from FROM \"{schema}\".schema_version");
    let Some(found) = tx.query_typed_opt(&found, &[]).await? else { return Ok(0) };
    let (found, serves_from): (i64, i64) = (found.try_get(0)?, found.try_get(1)?);
    if serves_from > integer(MIGRATIONS.len()) {
        return Err(ConnectProblem::Newer {
            schema: schema.to_owned(),
            found,
            supported: integer(MIGRATIONS.len()),
        });
    }
    Ok(usize::try_from(found).unwrap_or_default())
}

/// Whether the schema still serves this program: another one may have brought it up to date meanwhile.
pub(super) async fn check_version(tx: &Transaction<'_>) -> Answer<()> {
    let newer = "SELECT current_schema()::text, version FROM schema_version WHERE serves_from > $1";
    let supported = integer(MIGRATIONS.len());
    let problem =
        |row: &Row| Ok(ConnectProblem::Newer { schema: get(row, 0)?, found: get(row, 1)?, supported });
    match first(tx, newer, params![supported], problem).await? {
        Some(newer) => Err(StoreError::permanent(newer.to_string()).into()),
        None => Ok(()),
    }
}
