//! ES256 for the token library, over ring: the one algorithm that tokens may have. Every other one is refused
//! before a key is looked at, so a token cannot choose how it is verified.

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey};
use quoin_runtime::PublicKey;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

/// The signing half stays in KMS.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(refused()),
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes the token library verify with this module; said once, however often it is said.
pub(crate) fn install() {
    // An error tells that it was said before.
    let _ = PROVIDER.install_default();
}

/// The key in the form that the library takes: the uncompressed point.
pub(crate) fn decoding_key(key: &PublicKey) -> DecodingKey {
    let point = [&[0x04], key.x.as_slice(), key.y.as_slice()].concat();
    DecodingKey::from_ec_der(&point)
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    if *algorithm != Algorithm::ES256 {
        return Err(refused());
    }
    Ok(Box::new(Es256(key.try_get_as_bytes()?.to_vec())))
}

fn refused() -> Error {
    ErrorKind::UnsupportedAlgorithm.into()
}

struct Es256(Vec<u8>);

impl Verifier<Vec<u8>> for Es256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.0);
        key.verify(message, signature).map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Es256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}
