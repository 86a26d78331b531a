import type { SigningKeys } from './signing-keys.ts';

/** What a path answers: others verify ServiceAccount tokens with it (KEP-1393, OpenID Connect Discovery 1.0). */
export interface OpenIdDocument {
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
}

const CONFIGURATION_PATH = '/.well-known/openid-configuration';
const JWKS_PATH = '/openid/v1/jwks';

/** The two discovery documents; serve them with `Cache-Control: public, max-age=3600`, as RBAC allows. */
export function openIdDocuments(
  issuer: string,
  externalAddress: string,
  keys: SigningKeys,
): OpenIdDocument[] {
  const configuration = {
    issuer,
    jwks_uri: `https://${externalAddress}${JWKS_PATH}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  };
  return [
    { path: CONFIGURATION_PATH, contentType: 'application/json', body: JSON.stringify(configuration) },
    { path: JWKS_PATH, contentType: 'application/jwk-set+json', body: JSON.stringify(keys.jwks()) },
  ];
}
