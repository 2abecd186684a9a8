import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { holdSizes } from './build/hold-sizes.ts';

const api = process.env['DOSSIER_URL'] ?? 'http://127.0.0.1:8000';
const proxied = [
  '/auth',
  '/dossier-lists',
  '/dossiers',
  '/dossier-faces',
  '/sync',
  '/node',
  '/settings',
  '/sites',
  '/users',
  '/tokens',
  '/audit',
  '/events',
  '/webhooks',
];

export default defineConfig({
  base: '/ui/',
  plugins: [react(), holdSizes()],
  // The node fills in a fresh nonce for each page: styles that scripts make are allowed by it alone.
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    target: 'es2022',
    // Data URLs would need a wider policy than our own files do.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2000,
    // One chunk with zod and its settings: whatever makes a schema finds them made.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'start', test: /node_modules\/zod\/|src\/start\// }] } } },
  },
  server: { proxy: Object.fromEntries(proxied.map((path) => [path, api])) },
});
