//! What is wrong with the TLS of a service, in one line that says what to do.
//!
//! Pure. There is no option that skips a check; what can be named is another list of authorities.

use std::error::Error;
use std::io;

use rustls::CertificateError;

/// Why the service could not be trusted; `None` when something else went wrong.
pub fn trouble(error: &reqwest::Error) -> Option<String> {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref() {
            return words(error);
        }
        // What an error of the system carries is not its cause, but what is within it.
        let within = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause = within.map(|within| within as &(dyn Error + 'static)).or_else(|| error.source());
    }
    None
}

/// Other errors of TLS may be those of a line that breaks, and may pass.
fn words(error: &rustls::Error) -> Option<String> {
    use rustls::Error::{AlertReceived, InvalidCertificate, PeerIncompatible};
    let words = match error {
        // One that signs itself is among the others.
        InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature | CertificateError::Other(_),
        ) => "its certificate is signed by nobody whom this machine trusts; SSL_CERT_FILE can name other authorities"
            .to_owned(),
        InvalidCertificate(CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }) => {
            "its certificate is for another host".to_owned()
        }
        InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "its certificate has expired, or the clock of this machine is wrong".to_owned()
        }
        InvalidCertificate(CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }) => {
            "its certificate is not valid yet, or the clock of this machine is wrong".to_owned()
        }
        InvalidCertificate(other) => format!("its certificate cannot be trusted: {other}"),
        PeerIncompatible(_) | AlertReceived(rustls::AlertDescription::ProtocolVersion) => {
            "it speaks no TLS that is safe; 1.2 is the least".to_owned()
        }
        _ => return None,
    };
    Some(words)
}
