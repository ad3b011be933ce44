export type { Incident } from './incident.ts'
