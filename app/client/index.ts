// What is published: everything that is generated.
export * from '../src/generated/index.ts';
export { EVENTS } from '../src/generated/events.ts';
export { PROGRAM_ERRORS } from '../src/generated/error-sentences.ts';
