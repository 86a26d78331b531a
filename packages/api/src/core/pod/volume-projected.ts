import { signerNameErrors } from '../../certificates/signer-name.ts';
import type * as k8s from '../../generated/types.ts';
import { forbidden, invalid, notSupported, required } from '../../meta/field-error.ts';
import { append } from '../../validation/append.ts';
import { isDNS1123Subdomain } from '../../validation/dns.ts';
import { validateLabelSelector } from '../../validation/label-selector.ts';
import { maskTrailingDash } from '../../validation/names.ts';
import { checkFileMode, checkNonReservedPath, checkRequired } from './checks.ts';
import type { Errors, PodContext } from './types.ts';
import { validateDownwardAPIFile, validateKeyToPath } from './volume-items.ts';

const MIN_TOKEN_SECONDS = 10 * 60;
const MAX_TOKEN_SECONDS = 2 ** 32;
const KEY_TYPES = ['ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519', 'RSA3072', 'RSA4096'];
const MIN_CERTIFICATE_SECONDS = 3600;
const MAX_CERTIFICATE_SECONDS = 91 * 24 * 3600;

/** The files that all sources of one projected volume make: each path once. */
class Paths {
  readonly #seen = new Set<string>();
  readonly #volume: string;
  readonly #errors: Errors;

  constructor(volume: string, errors: Errors) {
    this.#volume = volume;
    this.#errors = errors;
  }

  /** `shown` is what upstream prints as the value of the conflict. */
  claim(path: string | undefined, shown?: string): void {
    if (!path) return;
    if (this.#seen.has(path)) {
      this.#errors.push(invalid(this.#volume, shown ?? path, 'conflicting duplicate paths'));
    } else {
      this.#seen.add(path);
    }
  }
}

/** validateProjectedVolumeSource. */
export function validateProjectedSource(
  source: k8s.ProjectedVolumeSource,
  path: string,
  errors: Errors,
  context: PodContext,
): void {
  checkFileMode(errors, `${path}.defaultMode`, source.defaultMode);
  const paths = new Paths(path, errors);
  source.sources?.forEach((projection, i) => {
    validateProjection(projection, `${path}.sources[${i}]`, path, paths, context, errors);
  });
}

function validateProjection(
  projection: k8s.VolumeProjection,
  at: string,
  volume: string,
  paths: Paths,
  context: PodContext,
  errors: Errors,
): void {
  let count = 0;
  for (const kind of ['secret', 'configMap'] as const) {
    const source = projection[kind];
    if (source === undefined) continue;
    count++;
    checkRequired(errors, `${at}.${kind}.name`, source.name);
    source.items?.forEach((item, i) => {
      validateKeyToPath(item, `${at}.${kind}.items[${i}]`, errors);
      paths.claim(item.path, source.name ?? '');
    });
  }
  if (projection.downwardAPI !== undefined) {
    count++;
    for (const file of projection.downwardAPI.items ?? []) {
      validateDownwardAPIFile(file, `${at}.downwardAPI`, errors);
      paths.claim(file.path);
    }
  }
  if (projection.serviceAccountToken !== undefined) {
    count++;
    validateToken(projection.serviceAccountToken, `${at}.serviceAccountToken`, volume, context, errors);
  }
  if (projection.clusterTrustBundle !== undefined) {
    count++;
    validateTrustBundle(projection.clusterTrustBundle, `${at}.clusterTrustBundle`, errors);
    paths.claim(projection.clusterTrustBundle.path);
  }
  if (projection.podCertificate !== undefined) {
    count++;
    validateCertificate(projection.podCertificate, `${at}.podCertificate`, paths, errors);
  }
  if (count > 1) errors.push(forbidden(at, 'may not specify more than 1 volume type per source'));
}

function validateToken(
  token: k8s.ServiceAccountTokenProjection,
  at: string,
  volume: string,
  context: PodContext,
  errors: Errors,
): void {
  const seconds = token.expirationSeconds ?? 3600;
  if (seconds < MIN_TOKEN_SECONDS) {
    errors.push(
      invalid(`${at}.expirationSeconds`, seconds, 'may not specify a duration less than 10 minutes'),
    );
  }
  if (seconds > MAX_TOKEN_SECONDS) {
    const detail = 'may not specify a duration larger than 2^32 seconds';
    errors.push(invalid(`${at}.expirationSeconds`, seconds, detail));
  }
  if (!token.path) errors.push(required(`${volume}.path`));
  else if (context.allowed.nonLocalProjectedTokenPath !== true) {
    checkNonReservedPath(errors, `${volume}.path`, token.path);
  }
}

function validateTrustBundle(bundle: k8s.ClusterTrustBundleProjection, at: string, errors: Errors): void {
  if (bundle.name !== undefined && bundle.signerName !== undefined) {
    errors.push(invalid(at, bundle, 'only one of name and signerName may be used'));
  } else if (bundle.name !== undefined) {
    if (bundle.name === '') errors.push(required(`${at}.name`, 'must be a valid object name'));
    for (const message of trustBundleNameErrors(bundle.name)) {
      errors.push(invalid(`${at}.name`, bundle.name, `not a valid clustertrustbundlename: ${message}`));
    }
    if (bundle.labelSelector !== undefined) {
      const detail = 'labelSelector must be unset if name is specified';
      errors.push(invalid(`${at}.labelSelector`, bundle.labelSelector, detail));
    }
  } else if (bundle.signerName !== undefined) {
    if (bundle.signerName === '') errors.push(required(`${at}.signerName`, 'must be a valid signer name'));
    append(errors, signerNameErrors(bundle.signerName, `${at}.signerName`));
    append(errors, validateLabelSelector(bundle.labelSelector, `${at}.labelSelector`));
  } else {
    errors.push(required(at, 'either name or signerName must be specified'));
  }
  checkRequired(errors, `${at}.path`, bundle.path);
  checkNonReservedPath(errors, `${at}.path`, bundle.path ?? '');
}

/** Names of bundles of a signer start with the signer's name, its slash as a colon, and a colon. */
function trustBundleNameErrors(name: string): string[] {
  const last = name.lastIndexOf(':');
  return isDNS1123Subdomain(maskTrailingDash(last < 0 ? name : name.slice(last + 1)));
}

function validateCertificate(
  certificate: k8s.PodCertificateProjection,
  at: string,
  paths: Paths,
  errors: Errors,
): void {
  append(errors, signerNameErrors(certificate.signerName ?? '', `${at}.signerName`));
  if (!KEY_TYPES.includes(certificate.keyType)) {
    errors.push(notSupported(`${at}.keyType`, certificate.keyType ?? '', KEY_TYPES));
  }
  const seconds = certificate.maxExpirationSeconds;
  if (seconds !== undefined && seconds < MIN_CERTIFICATE_SECONDS) {
    errors.push(
      invalid(
        `${at}.maxExpirationSeconds`,
        seconds,
        `if provided, maxExpirationSeconds must be >= ${MIN_CERTIFICATE_SECONDS}`,
      ),
    );
  }
  if (seconds !== undefined && seconds > MAX_CERTIFICATE_SECONDS) {
    errors.push(
      invalid(
        `${at}.maxExpirationSeconds`,
        seconds,
        `if provided, maxExpirationSeconds must be <= ${MAX_CERTIFICATE_SECONDS}`,
      ),
    );
  }
  const files = ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const;
  if (files.every((file) => !certificate[file])) {
    errors.push(
      required(at, 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath'),
    );
  }
  for (const file of files) {
    const path = certificate[file];
    if (!path) continue;
    checkNonReservedPath(errors, `${at}.${file}`, path);
    paths.claim(path);
  }
}
