import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CertificateAuthority, createCertificateAuthority, issueCertificate } from '@sampan/machinery';
import { replaceFile } from '../replace-file.ts';

const FILE = 'default-certificate.pem';
const DAY_MS = 86_400_000;
/** One that ends sooner is made anew at the next start. */
const LEAST_REST_MS = 30 * DAY_MS;
const HOSTS = ['localhost', '*.localhost'];

/**
 * Certificate and key for hosts that bring none: of the folder, else made for `localhost` and `*.localhost`, signed
 * by the authority if there is one, else by itself.
 */
export async function defaultCertificate(
  folder: string,
  now: number,
  authority?: CertificateAuthority,
): Promise<string> {
  const path = join(folder, FILE);
  const known = await readFile(path, 'utf8').catch(() => '');
  if (known !== '' && Date.parse(new X509Certificate(known).validTo) - now > LEAST_REST_MS) return known;
  const { certificatePem, privateKeyPem = '' } = issueCertificate(
    authority ?? createCertificateAuthority('Sampan Ingress'),
    {
      subject: { commonName: 'localhost', organizations: [] },
      usages: ['digital signature', 'server auth'],
      dnsNames: HOSTS,
      ipAddresses: ['127.0.0.1'],
      now,
    },
  );
  const pem = `${certificatePem}${privateKeyPem}`;
  await replaceFile(path, pem, 0o600);
  return pem;
}
