/**
 * A certificate of `localhost` whose issuer is called `Test authority` but has
 * another key. It is an X.509 v1 certificate, for which Deno's `node:tls`
 * (2.9.6) compares only names.
 *
 * @module
 */

/** The certificate and its key. */
export const FORGED = {
  certificate: `-----BEGIN CERTIFICATE-----
MIIBKTCB0AIUXxVvXHtpgw3d4tFHYE5EqA3vs2owCgYIKoZIzj0EAwIwGTEXMBUG
A1UEAxMOVGVzdCBhdXRob3JpdHkwIBcNMjYxMTIxMTQzNDA5WhgPMjEyNjEwMjgx
NDM0MDlaMBQxEjAQBgNVBAMMCWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49
AwEHA0IABE0XV2k0H5D+mjjWFB5ij4yFSJwPYsiGIkeJJpIbK8CK3KL+u8oEZufT
3AC6rc/hhh+d7jeSAHIRisbPgZeem7EwCgYIKoZIzj0EAwIDSAAwRQIgU/L/d7A0
od4yAV/pS6ytD6+tYY90UiHKMafWOijgLmkCIQCjo+sIY9idOBuECdjE5imQAyLX
aUNT+HU1sMTJwKfbXw==
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgUCOlqv/TllAhx2NQ
PlCzQP0943zqxTr6REjvoeiKZ0GhRANCAARNF1dpNB+Q/po41hQeYo+MhUicD2LI
hiJHiSaSGyvAityi/rvKBGbn09wAuq3P4YYfne43kgByEYrGz4GXnpux
-----END PRIVATE KEY-----
`,
} as const;
