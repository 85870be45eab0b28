//! Who may sign in, and who is signed in. Passwords are kept as Argon2id, tokens of sessions as SHA-256.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use sha2::{Digest, Sha256};
use shipstation_connector::Timestamp;

use crate::{Failure, database::Database};

/// A secret of 256 bits that nobody can guess.
pub(crate) fn secret() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(hex(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// What is kept of a secret, or made of it for another purpose.
pub(crate) fn digest(purpose: &str, secret: &str) -> String {
    hex(&Sha256::digest(format!("{purpose}\n{secret}")))
}

/// Lets an operator sign in with this password, and no other one.
pub(crate) async fn put(database: &Database, name: &str, password: &str) -> Result<(), Failure> {
    let hash = hash(password.to_owned()).await?;
    let put = "INSERT INTO oms_operator (name, password) VALUES ($1, $2)
               ON CONFLICT (name) DO UPDATE SET password = excluded.password";
    database.execute(put, &[name.into(), hash.into()]).await?;
    database.execute("DELETE FROM oms_session WHERE operator = $1", &[name.into()]).await?;
    Ok(())
}

/// Makes the first operator: says whether nobody else did.
pub(crate) async fn put_first(database: &Database, name: &str, password: &str) -> Result<bool, Failure> {
    let hash = hash(password.to_owned()).await?;
    let put = "INSERT INTO oms_operator (name, password) SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM oms_operator)
               ON CONFLICT (name) DO NOTHING";
    Ok(database.execute(put, &[name.into(), hash.into()]).await? > 0)
}

/// Lets an operator sign in no more, and ends its sessions. Says whether there was one.
pub(crate) async fn remove(database: &Database, name: &str) -> Result<bool, Failure> {
    database.execute("DELETE FROM oms_session WHERE operator = $1", &[name.into()]).await?;
    Ok(database.execute("DELETE FROM oms_operator WHERE name = $1", &[name.into()]).await? > 0)
}

async fn hash(password: String) -> Result<String, Failure> {
    let hash =
        tokio::task::spawn_blocking(move || Argon2::default().hash_password(password.as_bytes())).await?;
    Ok(hash.map_err(|error| error.to_string())?.to_string())
}

pub(crate) async fn is_any(database: &Database) -> Result<bool, Failure> {
    Ok(!database.query("SELECT name FROM oms_operator LIMIT 1", &[]).await?.is_empty())
}

/// Whether this is the operator's password.
pub(crate) async fn verify(database: &Database, name: &str, password: String) -> Result<bool, Failure> {
    let rows = database.query("SELECT password FROM oms_operator WHERE name = $1", &[name.into()]).await?;
    let kept = rows.first().map(|row| row.text(0));
    let is_right = tokio::task::spawn_blocking(move || {
        let Some(kept) = kept else {
            // An unknown name takes as long as a wrong password.
            return Argon2::default().hash_password(password.as_bytes()).map(|_| false);
        };
        let kept = PasswordHash::new(&kept)?;
        Ok(Argon2::default().verify_password(password.as_bytes(), &kept).is_ok())
    });
    is_right.await?.map_err(|error| error.to_string().into())
}

/// Opens a session until then. The token is kept as its digest.
pub(crate) async fn open(
    database: &Database,
    token: &str,
    operator: &str,
    now: Timestamp,
    expires: Timestamp,
) -> Result<(), Failure> {
    database.execute("DELETE FROM oms_session WHERE expires <= $1", &[now.unix_seconds().into()]).await?;
    let open = "INSERT INTO oms_session (token, operator, expires) VALUES ($1, $2, $3)";
    let values = [digest("session", token).into(), operator.into(), expires.unix_seconds().into()];
    database.execute(open, &values).await?;
    Ok(())
}

/// Whose session it is, if it has not expired.
pub(crate) async fn signed_in(
    database: &Database,
    token: &str,
    now: Timestamp,
) -> Result<Option<String>, Failure> {
    let query = "SELECT operator FROM oms_session WHERE token = $1 AND expires > $2";
    let values = [digest("session", token).into(), now.unix_seconds().into()];
    Ok(database.query(query, &values).await?.first().map(|row| row.text(0)))
}

pub(crate) async fn close(database: &Database, token: &str) -> Result<(), Failure> {
    database.execute("DELETE FROM oms_session WHERE token = $1", &[digest("session", token).into()]).await?;
    Ok(())
}

/// Keeps what the next page is to say.
pub(crate) async fn say(database: &Database, token: &str, said: &str) -> Result<(), Failure> {
    let say = "UPDATE oms_session SET said = $1 WHERE token = $2";
    database.execute(say, &[said.into(), digest("session", token).into()]).await?;
    Ok(())
}

/// Takes what this page is to say.
pub(crate) async fn take_said(database: &Database, token: &str) -> Result<Option<String>, Failure> {
    let token = digest("session", token);
    let query = "SELECT said FROM oms_session WHERE token = $1 AND said IS NOT NULL";
    let said = database.query(query, &[token.as_str().into()]).await?.first().map(|row| row.text(0));
    if said.is_some() {
        database.execute("UPDATE oms_session SET said = NULL WHERE token = $1", &[token.into()]).await?;
    }
    Ok(said)
}
