/** The corpora, each named for its oracle's part of the API. */
export const CORPUS_NAMES = ['core', 'apiextensions'] as const;
export type CorpusName = (typeof CORPUS_NAMES)[number];
