import type { Cri } from '../generated/cri.ts';
import type { ContainerStats, DiskUsage, ImageStatus, RegistryCredentials } from '../runtime/index.ts';
import { milliseconds } from './sandbox-messages.ts';

export function imageStatus(image: Cri['Image']): ImageStatus {
  return {
    id: image.id ?? '',
    tags: image.repo_tags ?? [],
    digests: image.repo_digests ?? [],
    size: image.size ?? 0,
    ...(image.uid === undefined ? {} : { uid: image.uid.value ?? 0 }),
    username: image.username ?? '',
    pinned: image.pinned ?? false,
  };
}

export function credentialsMessage(given: RegistryCredentials): Cri['AuthConfig'] {
  return {
    username: given.username,
    password: given.password,
    auth: given.auth,
    server_address: given.serverAddress,
    identity_token: given.identityToken,
    registry_token: given.registryToken,
  };
}

export function diskUsage(usage: Cri['FilesystemUsage']): DiskUsage {
  return {
    mountpoint: usage.fs_id?.mountpoint ?? '',
    bytes: usage.used_bytes?.value ?? 0,
    inodes: usage.inodes_used?.value ?? 0,
  };
}

export function containerStats(stats: Cri['ContainerStats']): ContainerStats {
  return {
    id: stats.attributes?.id ?? '',
    labels: stats.attributes?.labels ?? {},
    at: milliseconds(stats.cpu?.timestamp ?? stats.memory?.timestamp),
    cpuNanoseconds: stats.cpu?.usage_core_nano_seconds?.value ?? 0,
    memoryWorkingSet: stats.memory?.working_set_bytes?.value ?? 0,
    memoryUsage: stats.memory?.usage_bytes?.value ?? 0,
    diskBytes: stats.writable_layer?.used_bytes?.value ?? 0,
    diskInodes: stats.writable_layer?.inodes_used?.value ?? 0,
  };
}
