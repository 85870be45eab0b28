//! A throw-away PostgreSQL cluster for the tests of this process: in a temporary folder, on a socket, with `fsync` on. Another
//! database is used where `SHIPSTATION_TEST_POSTGRES` holds its URL.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use shipstation_connector::stores::postgres::tokio_postgres::{Client, NoTls, connect};

pub(crate) struct Cluster {
    /// Where a database may be reached that may be filled.
    pub(crate) url: String,
    schemas: AtomicU32,
    /// Stops the server and removes its folder once this process is gone.
    _keeper: Option<Child>,
}

/// The cluster of this process, started when it is first asked for.
pub(crate) fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let (url, keeper) = match env::var("SHIPSTATION_TEST_POSTGRES") {
            Ok(url) => (url, None),
            Err(_) => start(|_| (), || "-c listen_addresses=''".to_owned()),
        };
        Cluster { url, schemas: AtomicU32::new(0), _keeper: keeper }
    })
}

/// A connection to a database.
pub(crate) async fn connected(url: &str) -> Client {
    let (client, connection) = connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

impl Cluster {
    /// The name of a schema that is not there yet.
    pub(crate) fn new_schema(&self) -> String {
        format!("test_{}_{}", std::process::id(), self.schemas.fetch_add(1, Ordering::Relaxed))
    }

    /// A connection beside those of the stores.
    pub(crate) async fn client(&self) -> Client {
        connected(&self.url).await
    }

    /// The server's log: of a cluster of our own only.
    pub(crate) fn log(&self) -> String {
        let folder =
            self.url.split(' ').find_map(|pair| pair.strip_prefix("host=")).expect("a cluster of our own");
        fs::read_to_string(Path::new(folder).join("log")).unwrap()
    }

    /// Lets the server die as in a crash of the machine, and starts it again: of a cluster of our own only.
    #[allow(dead_code, reason = "the scenarios leave their server alone")]
    pub(crate) fn crash(&self) {
        let folder =
            self.url.split(' ').find_map(|pair| pair.strip_prefix("host=")).expect("a cluster of our own");
        let stop = ["-s", "-m", "immediate", "stop", "-D"];
        run(unprivileged(&programs().join("pg_ctl")).args(stop).arg(Path::new(folder).join("data")));
        start_server(Path::new(folder), "-c listen_addresses=''");
    }

    /// Does something beside the stores.
    pub(crate) async fn run(&self, sql: &str) {
        self.client().await.batch_execute(sql).await.unwrap();
    }
}

/// A URL of the same database through `PgBouncer` in transaction mode, where each transaction may meet another connection.
pub(crate) fn through_pgbouncer() -> String {
    static BOUNCER: OnceLock<(String, Child)> = OnceLock::new();
    let (url, _) = BOUNCER.get_or_init(|| {
        let server = &cluster().url;
        let folder = server.split(' ').find_map(|pair| pair.strip_prefix("host=")).expect("PgBouncer is tried before a cluster of our own only");
        let socket = Path::new(folder).join("pgbouncer");
        let settings = format!(
            "[databases]\npostgres = host={folder} dbname=postgres user=postgres\n[pgbouncer]\nlisten_addr =\nunix_socket_dir = {}\n\
             auth_type = any\npool_mode = transaction\ndefault_pool_size = 3\nmax_client_conn = 200\n",
            socket.display()
        );
        run(unprivileged(Path::new("mkdir")).arg(&socket));
        let file = Path::new(folder).join("pgbouncer.ini");
        fs::write(&file, settings).unwrap();
        let program = Path::new("pgbouncer");
        // It ends with the standard input of its shell, as the server does.
        let keep = r#""$0" -q "$1" & bouncer=$!; read -r _; kill "$bouncer"; wait; rm -rf "$2""#;
        let mut keeper = unprivileged(Path::new("sh"));
        keeper.args(["-c", keep]).arg(program).arg(&file).arg(folder).stdin(Stdio::piped());
        let keeper = keeper.stdout(Stdio::null()).spawn().expect("PgBouncer is to be installed");
        let listens = socket.join(".s.PGSQL.6432");
        let mut looks = std::iter::repeat_with(std::thread::yield_now).take(20_000_000);
        assert!(looks.any(|()| listens.exists()), "PgBouncer does not listen");
        (server.replace(folder, &socket.display().to_string()) + " port=6432", keeper)
    });
    url.clone()
}

/// A server of its own that is reached at `localhost` with this certificate: its URL without a word about TLS, and what stops it.
#[allow(dead_code, reason = "the fleet has no use for it")]
pub(crate) fn server_with_tls(certificate: &str, key: &str) -> (String, Option<Child>) {
    let port = std::cell::Cell::new(0);
    let (_, keeper) = start(
        |data| {
            for (name, pem) in [("server.crt", certificate), ("server.key", key)] {
                let file = data.join(name);
                fs::write(&file, pem).unwrap();
                fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
                make_unprivileged(&file);
            }
        },
        || {
            // Free until now, and used at once.
            port.set(std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port());
            format!("-c listen_addresses=127.0.0.1 -p {} -c ssl=on", port.get())
        },
    );
    let port = port.get();
    (format!("host=localhost hostaddr=127.0.0.1 port={port} user=postgres dbname=postgres"), keeper)
}

fn start(prepare: impl Fn(&Path), options: impl Fn() -> String) -> (String, Option<Child>) {
    let programs = programs();
    let folder = tempfile::Builder::new().prefix("pg").tempdir().unwrap().keep();
    let data = folder.join("data");
    make_unprivileged(&folder);
    let initdb = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync", "-D"];
    run(unprivileged(&programs.join("initdb")).args(initdb).arg(&data));
    let pg_ctl = programs.join("pg_ctl");
    prepare(&data);
    start_server(&folder, &options());
    let keep = r#"read -r _; "$0" -s -m immediate -D "$1/data" stop; rm -rf "$1""#;
    let mut keeper = unprivileged(Path::new("sh"));
    keeper.args(["-c", keep]).arg(&pg_ctl).arg(&folder).stdin(Stdio::piped());
    let keeper = keeper.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    (format!("host={} user=postgres dbname=postgres", folder.display()), Some(keeper))
}

fn start_server(folder: &Path, options: &str) {
    let options = format!("-k {} -c max_connections=300 {options}", folder.display());
    let mut start = unprivileged(&programs().join("pg_ctl"));
    start.args(["-w", "-s", "-o", &options, "-l"]).arg(folder.join("log")).arg("-D").arg(folder.join("data"));
    run(start.arg("start"));
}

fn run(command: &mut Command) {
    let done = command.stdout(Stdio::null()).stderr(Stdio::inherit()).status().unwrap();
    assert!(done.success(), "{command:?}");
}

/// The folder of the newest PostgreSQL: that of the path, or the distribution's.
fn programs() -> PathBuf {
    let paths = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&paths).find(|folder| folder.join("initdb").exists());
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest =
        installed.map(|entry| entry.path().join("bin")).filter(|bin| bin.join("initdb").exists()).max();
    let words = "PostgreSQL's programs are neither on the path nor in /usr/lib/postgresql; or set SHIPSTATION_TEST_POSTGRES";
    on_path.or(newest).expect(words)
}

/// Gives a file to the user that the server runs as.
fn make_unprivileged(file: &Path) {
    if is_root() {
        let owner = Command::new("chown").arg("postgres").arg(file).status().unwrap();
        assert!(owner.success(), "PostgreSQL does not run as root, and there is no user postgres");
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.starts_with(b"0\n"))
}

/// PostgreSQL refuses to be started by root.
fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program).current_dir("/");
    command
}
