import anyAscii from 'any-ascii';
import { applyRules } from './reading.ts';
import type { Reading } from './reading.ts';

/* Letters of India as they are written by people, not by scholars: c is ch, and s in Tamil. */

export function readIndic(text: string): Reading {
  const isTamil = /\p{Script=Tamil}/u.test(text);
  const scholarly = anyAscii(text).toLowerCase();
  const usual = isTamil
    ? applyRules(
        [
          [/cc/g, 'ch'],
          [/c(?!h)/g, 's'],
        ],
        scholarly,
      )
    : scholarly.replaceAll(/c(?!h)/g, 'ch');
  const other = anyAscii(text.replaceAll('ज्ञ', 'gy'))
    .toLowerCase()
    .replaceAll(/c(?!h)/g, 'ch');
  return { spoken: [usual, ...(other === usual || isTamil ? [] : [other])], spelled: [scholarly] };
}
