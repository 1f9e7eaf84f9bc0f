#!/usr/bin/env node
/** Starts the command line, with the code that V8 compiled the last time where this Node.js can keep it (from 22.8). */
import module from 'node:module';

// the default import, for Node.js 20 has no such name; a folder that cannot be written is no error
module.enableCompileCache?.();
await import('./program.ts');
