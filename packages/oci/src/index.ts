/** Tier 1: OCI images in files and in registries, and the way between them. */
export {};
