/**
 * The proxies of Debian as they would run for Ingress, each as alike as they can be: one thread, HTTP and TLS with
 * HTTP/2, connections to the backend kept, no log.
 */
import { join } from 'node:path';

export interface Setting {
  readonly folder: string;
  readonly httpPort: number;
  readonly tlsPort: number;
  /** Of a server on 127.0.0.1. */
  readonly backendPort: number;
  /** PEM: certificate, then key. */
  readonly certificate: string;
}

export interface Contestant {
  readonly name: 'haproxy' | 'nginx' | 'caddy';
  /** File to content. */
  files(setting: Setting): Readonly<Record<string, string>>;
  command(setting: Setting): readonly [string, ...string[]];
  /** What makes it read its configuration again: a signal to its first process, or a command. */
  reload(setting: Setting): NodeJS.Signals | readonly [string, ...string[]];
}

const haproxy: Contestant = {
  name: 'haproxy',
  files: ({ httpPort, tlsPort, backendPort, certificate, folder }) => ({
    'c.pem': certificate,
    'haproxy.cfg': `global
  nbthread 1
  maxconn 4096
  hard-stop-after 5m
defaults
  mode http
  timeout connect 3s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
  option idle-close-on-response
frontend f
  bind 127.0.0.1:${httpPort}
  bind 127.0.0.1:${tlsPort} ssl crt ${join(folder, 'c.pem')} alpn h2,http/1.1
  default_backend b
backend b
  server s 127.0.0.1:${backendPort}
`,
  }),
  command: ({ folder }) => ['haproxy', '-W', '-db', '-f', join(folder, 'haproxy.cfg')],
  reload: () => 'SIGUSR2',
};

const nginx: Contestant = {
  name: 'nginx',
  files: ({ httpPort, tlsPort, backendPort, certificate, folder }) => ({
    'c.pem': certificate,
    'nginx.conf': `worker_processes 1;
daemon off;
user root;
pid ${join(folder, 'pid')};
error_log ${join(folder, 'error.log')};
events { worker_connections 4096; }
http {
  access_log off;
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  upstream b { server 127.0.0.1:${backendPort}; keepalive 64; }
  server {
    listen 127.0.0.1:${httpPort};
    listen 127.0.0.1:${tlsPort} ssl http2;
    keepalive_requests 1000000;
    ssl_certificate ${join(folder, 'c.pem')};
    ssl_certificate_key ${join(folder, 'c.pem')};
    location / {
      proxy_pass http://b;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Host $host;
    }
  }
}
`,
  }),
  command: ({ folder }) => ['nginx', '-c', join(folder, 'nginx.conf')],
  reload: () => 'SIGHUP',
};

const caddy: Contestant = {
  name: 'caddy',
  files: ({ httpPort, tlsPort, backendPort, certificate, folder }) => ({
    'c.pem': certificate,
    Caddyfile: `{
  admin unix/${join(folder, 'admin')}
  auto_https off
}
http://127.0.0.1:${httpPort} {
  reverse_proxy 127.0.0.1:${backendPort}
}
https://127.0.0.1:${tlsPort} {
  tls ${join(folder, 'c.pem')} ${join(folder, 'c.pem')}
  reverse_proxy 127.0.0.1:${backendPort}
}
`,
  }),
  command: ({ folder }) => ['caddy', 'run', '--adapter', 'caddyfile', '--config', join(folder, 'Caddyfile')],
  reload: ({ folder }) => [
    ...(['caddy', 'reload', '--force', '--adapter', 'caddyfile'] as const),
    ...['--config', join(folder, 'Caddyfile'), '--address', `unix/${join(folder, 'admin')}`],
  ],
};

export const CONTESTANTS: readonly Contestant[] = [haproxy, nginx, caddy];
