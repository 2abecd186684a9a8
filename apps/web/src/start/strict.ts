import { z } from 'zod';
import { styleNonce } from './style-nonce.ts';

// Compiled validators need eval, which the page's policy forbids.
z.config({ jitless: true });

// The library that keeps the page from scrolling under a dialog looks for the nonce of its styles here.
Object.assign(globalThis, { __webpack_nonce__: styleNonce });
