//! The example on a throw-away cluster.

#[path = "../../../tests/it/support/postgres.rs"]
#[allow(dead_code)]
mod postgres;

#[tokio::test]
async fn the_example_runs_to_its_end() {
    let database = postgres::cluster().new_schema();
    postgres::cluster().run(&format!("CREATE DATABASE {database}")).await;
    let folder = postgres::cluster().url.split(' ').find_map(|pair| pair.strip_prefix("host=")).unwrap();
    let url = format!("postgresql://postgres@{}/{database}", folder.replace('/', "%2F"));
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_host_in_sqlx")).arg(url).output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.contains("2 orders were taken and 2 parcels reported"), "{said}");
}
