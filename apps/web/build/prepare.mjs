// Builds the web interface when the program is installed (npm's "prepare"), where the tools for it are installed, too.
// Plain JavaScript: it also runs on the machine's own, older Node.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const web = fileURLToPath(new URL('..', import.meta.url));

function findVite() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin', 'vite.js');
  } catch {
    return null;
  }
}

const vite = findVite();
// The tests' tools bring Vite, too: what the pages are made of is what tells.
const complete = vite !== null && existsSync(join(web, 'src')) && existsSync(join(web, '..', '..', 'node_modules', 'react-dom'));
if (complete) {
  const { status } = spawnSync(process.execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: web, stdio: 'inherit' });
  process.exitCode = status ?? 1;
} else {
  process.stdout.write('The web interface is not built: what it is made of is left out. "npm ci && npm run build" builds it.\n');
}
