//! TLS with the server, by rustls.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::ConnectProblem;

/// What speaks TLS with a server whose certificate these authorities (PEM) vouch for, or those of the platform.
pub(super) fn connector(authorities: Option<&str>) -> Result<MakeRustlsConnect, ConnectProblem> {
    let failed = |error: rustls::Error| ConnectProblem::Tls { detail: error.to_string() };
    let provider = provider().ok_or(ConnectProblem::NoTlsProvider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let builder = match authorities {
        Some(pem) => {
            builder.with_root_certificates(read_authorities(pem).ok_or(ConnectProblem::RootCertificates)?)
        }
        None => builder.with_platform_verifier().map_err(failed)?,
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(MakeRustlsConnect::new(config))
}

/// The one that the host has installed, or the one that the feature `rustls` brings.
fn provider() -> Option<Arc<CryptoProvider>> {
    let installed = CryptoProvider::get_default().cloned();
    #[cfg(feature = "rustls")]
    let installed = installed.or_else(|| Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider())));
    installed
}

fn read_authorities(pem: &str) -> Option<RootCertStore> {
    let mut authorities = RootCertStore::empty();
    // Bundles hold some that nobody can use.
    authorities
        .add_parsable_certificates(CertificateDer::pem_slice_iter(pem.as_bytes()).filter_map(Result::ok));
    (!authorities.is_empty()).then_some(authorities)
}
