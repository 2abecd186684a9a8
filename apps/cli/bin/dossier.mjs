#!/usr/bin/env node
// Plain JavaScript that an old Node can parse, so that it can say what is wrong.
const oldest = 24;
const major = Number(process.versions.node.split('.')[0]);

const isLongLived = ['start', 'api', 'worker'].includes(process.argv[2]);

/**
 * Long-lived roles run with a small nursery, which V8 takes at its start only: what a page leaves behind is collected while it is young, and a quarter of
 * the memory goes without more of the processor's time. The process stays the same one. Whoever names a size of their own gets that.
 */
function favourMemory() {
  const options = [...process.execArgv, process.env.NODE_OPTIONS || ''].join(' '); // oxlint-disable-line node/no-process-env -- Node's own
  // Windows has no such call.
  if (!isLongLived || process.platform === 'win32' || options.includes('--max-semi-space-size')) return;
  process.execve(process.execPath, [process.execPath, '--max-semi-space-size=4', ...process.execArgv, ...process.argv.slice(1)]);
}

/**
 * V8 makes objects at once among the old ones if enough of their kind have lived long. Of what a page leaves behind it sometimes believes so, for as long as the
 * process lives: a megabyte with each page, collected late. A V8 that doesn't know this flag says so and goes on.
 */
function beginYoung({ setFlagsFromString }) {
  if (isLongLived) setFlagsFromString('--no-allocation-site-pretenuring');
}

if (major < oldest) {
  process.stderr.write(
    'dossier needs Node ' +
      oldest +
      ' or newer; this is Node ' +
      process.versions.node +
      '.\n' +
      'In the project\'s folder "npx dossier …" and "npm run …" find the right one by themselves.\n',
  );
  process.exitCode = 2;
} else {
  favourMemory();
  // What was compiled once is kept beside the installed packages, if they may be written to: half the start, and 30 MB less in every process.
  void Promise.all([import('node:module'), import('node:url'), import('node:v8')])
    .then(([{ enableCompileCache }, { fileURLToPath }, v8]) => {
      beginYoung(v8);
      enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/dossier', import.meta.url)));
    })
    .then(() => import('../src/main.ts'))
    .then(({ main }) =>
      main({
        arguments: process.argv.slice(2),
        // oxlint-disable-next-line node/no-process-env -- the door: handed on to packages/runtime, which reads it
        environment: process.env,
        workingDirectory: process.cwd(),
      }),
    );
}
