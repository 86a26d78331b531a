/**
 * The certificates a throw-away control plane needs: one authority, one serving certificate for loopback,
 * one client certificate in `system:masters`, one key for ServiceAccount tokens. Made with the machine's
 * openssl; P-256 throughout (an RSA key takes 200 ms to make).
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** PEM texts and the files that hold them. */
export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly files: {
    readonly ca: string;
    readonly caKey: string;
    readonly serverCert: string;
    readonly serverKey: string;
    readonly adminCert: string;
    readonly adminKey: string;
    readonly tokenKey: string;
  };
}

interface Subject {
  readonly file: string;
  readonly subject: string;
  readonly extensions: string;
}

/** Makes all certificates in `folder`, which must exist and is owned by the caller. */
export function makeCertificates(folder: string): Certificates {
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const newKey = (file: string) =>
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', at(file));

  newKey('ca.key');
  openssl(
    ...['req', '-x509', '-new', '-key', at('ca.key'), '-subj', '/CN=upstream-ca', '-days', '30'],
    ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign,digitalSignature', '-out', at('ca.crt')],
  );
  const sign = ({ file, subject, extensions }: Subject) => {
    newKey(`${file}.key`);
    openssl('req', '-new', '-key', at(`${file}.key`), '-subj', subject, '-out', at(`${file}.csr`));
    writeFileSync(at(`${file}.ext`), extensions);
    openssl(
      ...['x509', '-req', '-in', at(`${file}.csr`), '-CA', at('ca.crt'), '-CAkey', at('ca.key')],
      ...['-CAcreateserial', '-days', '30', '-extfile', at(`${file}.ext`), '-out', at(`${file}.crt`)],
    );
  };
  sign({
    file: 'server',
    subject: '/CN=kube-apiserver',
    extensions: 'extendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.1,DNS:localhost\n',
  });
  sign({
    file: 'admin',
    subject: '/O=system:masters/CN=admin',
    extensions: 'extendedKeyUsage=clientAuth\n',
  });
  // the SEC 1 form: Kubernetes 1.20 does not read PKCS #8 here
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', at('token.key'));

  const text = (file: string) => readFileSync(at(file), 'utf8');
  return {
    ca: text('ca.crt'),
    cert: text('admin.crt'),
    key: text('admin.key'),
    files: {
      ca: at('ca.crt'),
      caKey: at('ca.key'),
      serverCert: at('server.crt'),
      serverKey: at('server.key'),
      adminCert: at('admin.crt'),
      adminKey: at('admin.key'),
      tokenKey: at('token.key'),
    },
  };
}
