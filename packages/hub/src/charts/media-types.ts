/** Helm, "Use OCI-based registries": what a chart is made of there. */
export const CHART_CONFIG = 'application/vnd.cncf.helm.config.v1+json';
export const CHART_CONTENT = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';
export const CHART_PROVENANCE = 'application/vnd.cncf.helm.chart.provenance.v1.prov';
