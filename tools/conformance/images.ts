/**
 * The images that the tests name, made on this machine: from upstream's own programs where those are the image, else
 * from Debian's package of the same program. The versions in the names are upstream's; the programs are Debian's of today.
 */
export interface ImageSource {
  readonly name: string;
  /** Debian packages with all that they depend on. */
  readonly packages?: readonly string[];
  /** Path in the image → one of upstream's programs, or a file of its source tree (`source:`), or of this machine (`/`). */
  readonly copy?: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  /** Texts by path. */
  readonly texts?: Readonly<Record<string, string>>;
  readonly folders?: readonly string[];
  /** Runs as its owner, root, whoever starts it: a path. */
  readonly setUserId?: string;
  /** Without a shell and its tools; default false. */
  readonly bare?: boolean;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly user?: string;
}

const AGNHOST: Omit<ImageSource, 'name'> = {
  packages: ['bind9-dnsutils', 'curl', 'netcat-openbsd', 'iproute2', 'iperf', 'bash', 'libc-bin', 'wget'],
  copy: {
    agnhost: 'agnhost',
    'localhost.crt': 'source:test/images/agnhost/porter/localhost.crt',
    'localhost.key': 'source:test/images/agnhost/porter/localhost.key',
  },
  links: {
    'agnhost-2': 'agnhost',
    // busybox's shell prefers its own tools to those of the packages
    'bin/sh': 'bash',
    'bin/nc': 'nc.openbsd',
    'usr/local/bin/iperf': '/usr/bin/iperf',
  },
  folders: ['uploads/'],
  entrypoint: ['/agnhost'],
  command: ['pause'],
};

const HTTPD_CONF = `ServerRoot /usr/local/apache2
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
LoadModule mime_module /usr/lib/apache2/modules/mod_mime.so
Listen 80
ServerName localhost
User nobody
Group nogroup
TypesConfig /dev/null
PidFile /usr/local/apache2/logs/httpd.pid
ErrorLog /dev/stderr
LogFormat "%h %l %u %t \\"%r\\" %>s %b" common
CustomLog /dev/stdout common
DocumentRoot /usr/local/apache2/htdocs
DirectoryIndex index.html
`;

const HTTPD: Omit<ImageSource, 'name'> = {
  packages: ['apache2-bin'],
  texts: {
    'usr/local/apache2/conf/httpd.conf': HTTPD_CONF,
    'usr/local/apache2/htdocs/index.html': '<html><body><h1>It works!</h1></body></html>\n',
  },
  folders: ['usr/local/apache2/logs/'],
  links: { 'usr/local/apache2/bin/httpd': '/usr/sbin/apache2' },
  command: ['/usr/local/apache2/bin/httpd', '-DFOREGROUND', '-f', '/usr/local/apache2/conf/httpd.conf'],
};

const NGINX_CONF = `daemon off;
pid /tmp/nginx.pid;
error_log /dev/stderr;
events {}
http {
  access_log /dev/stdout;
  server { listen 80; root /usr/share/nginx/html; }
}
`;

const NGINX: Omit<ImageSource, 'name'> = {
  packages: ['nginx-light'],
  texts: {
    'etc/nginx/conformance.conf': NGINX_CONF,
    'usr/share/nginx/html/index.html': '<h1>Welcome to nginx!</h1>\n',
  },
  folders: ['var/lib/nginx/', 'var/log/nginx/'],
  command: ['/usr/sbin/nginx', '-c', '/etc/nginx/conformance.conf'],
};

const picture = (name: string): Omit<ImageSource, 'name'> => ({
  ...AGNHOST,
  copy: {
    ...AGNHOST.copy,
    [`${name}.jpg`]: `source:test/images/${name}/html/${name}.jpg`,
    'data.json': `source:test/images/${name}/html/data.json`,
  },
  command: ['test-webserver'],
});

export const IMAGES: readonly ImageSource[] = [
  { name: 'k8s.gcr.io/e2e-test-images/agnhost:2.21', ...AGNHOST },
  { name: 'gcr.io/kubernetes-e2e-test-images/nautilus:1.0', ...picture('nautilus') },
  { name: 'gcr.io/kubernetes-e2e-test-images/kitten:1.0', ...picture('kitten') },
  { name: 'docker.io/library/busybox:1.29', command: ['sh'] },
  {
    name: 'k8s.gcr.io/pause:3.2',
    bare: true,
    copy: { pause: '/usr/bin/catatonit' },
    entrypoint: ['/pause', '-P'],
  },
  { name: 'docker.io/library/httpd:2.4.38-alpine', ...HTTPD },
  { name: 'docker.io/library/httpd:2.4.39-alpine', ...HTTPD },
  { name: 'docker.io/library/nginx:1.14-alpine', ...NGINX },
  { name: 'docker.io/library/nginx:1.15-alpine', ...NGINX },
  {
    name: 'gcr.io/kubernetes-e2e-test-images/jessie-dnsutils:1.0',
    packages: ['bind9-dnsutils', 'bash', 'libc-bin'],
    links: { 'bin/sh': 'bash' },
    command: ['bash'],
  },
  { name: 'gcr.io/kubernetes-e2e-test-images/nonroot:1.0', user: '1234', command: ['sh'] },
  {
    name: 'gcr.io/kubernetes-e2e-test-images/nonewprivs:1.0',
    copy: { 'usr/local/bin/nnp': 'nonewprivs' },
    setUserId: 'usr/local/bin/nnp',
    command: ['nnp'],
  },
  {
    name: 'gcr.io/kubernetes-e2e-test-images/sample-apiserver:1.17',
    copy: { 'sample-apiserver': 'sample-apiserver' },
    entrypoint: ['/sample-apiserver'],
  },
  {
    name: 'k8s.gcr.io/etcd:3.4.13-0',
    packages: ['etcd-server'],
    links: { 'usr/local/bin/etcd': '/usr/bin/etcd' },
    folders: ['var/etcd/'],
    command: ['/usr/bin/etcd'],
  },
];
