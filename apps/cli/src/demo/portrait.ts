import sharp from 'sharp';
import { createRandom, pick } from './random.ts';

const side = 320;
const skins = ['#f6d7c3', '#eac0a1', '#d59f7a', '#b77b55', '#8d5a3b', '#5f3a25'] as const;
const hairs = ['#2b2118', '#57371f', '#8a5a2b', '#c79a4b', '#8f8f8f', '#3a3a46', '#a33b26'] as const;
const clothes = ['#34557a', '#7a3434', '#3c6e50', '#5d4a7e', '#8a6d2f', '#40464f'] as const;
const walls = ['#dfe7ee', '#eee8df', '#e3eee0', '#ece3ee'] as const;

/** A drawn face, always the same for a number: JPEG bytes of 320 × 320 pixels. */
export async function drawPortrait(number: number): Promise<Buffer> {
  const random = createRandom(number * 7919);
  const between = (low: number, high: number): number => Math.round(low + random() * (high - low));
  const [skin, hair, cloth, wall] = [pick(random, skins), pick(random, hairs), pick(random, clothes), pick(random, walls)];
  const face = { x: 160, y: between(146, 156), width: between(58, 70), height: between(76, 90) };
  const eyes = { y: face.y - between(4, 12), apart: between(22, 29), size: between(5, 7) };
  const mouth = { y: face.y + between(38, 46), width: between(16, 26), curve: between(-5, 13) };
  const crown = face.y - face.height;
  const glasses = random() < 0.3;
  const beard = random() < 0.25;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}">
    <rect width="${side}" height="${side}" fill="${wall}"/>
    <path d="M 40 ${side} Q 60 ${face.y + 104} 160 ${face.y + 100} Q 260 ${face.y + 104} 280 ${side} Z" fill="${cloth}"/>
    <rect x="${face.x - 22}" y="${face.y + 50}" width="44" height="66" rx="18" fill="${skin}"/>
    <ellipse cx="${face.x}" cy="${face.y - between(10, 26)}" rx="${face.width + between(6, 14)}" ry="${face.height + between(2, 12)}" fill="${hair}"/>
    <ellipse cx="${face.x}" cy="${face.y + 6}" rx="${face.width}" ry="${face.height - 6}" fill="${skin}"/>
    <path d="M ${face.x - face.width} ${face.y - 22} Q ${face.x - between(5, 40)} ${crown + between(0, 20)} ${face.x + face.width} ${face.y - 22} Q ${face.x} ${crown - 80} ${face.x - face.width} ${face.y - 22} Z" fill="${hair}"/>
    ${beard ? `<path d="M ${face.x - face.width + 8} ${face.y + 26} Q ${face.x} ${face.y + 128} ${face.x + face.width - 8} ${face.y + 26} Q ${face.x} ${face.y + 52} ${face.x - face.width + 8} ${face.y + 26} Z" fill="${hair}"/>` : ''}
    ${[-1, 1]
      .map((turn) => {
        const x = face.x + turn * eyes.apart;
        return `<ellipse cx="${x}" cy="${eyes.y}" rx="${eyes.size + 4}" ry="${eyes.size}" fill="#fff"/><circle cx="${x}" cy="${eyes.y}" r="${eyes.size - 2}" fill="#2f2a26"/>
          <path d="M ${x - 12} ${eyes.y - 14} q 12 -${between(2, 8)} 24 0" stroke="${hair}" stroke-width="4" fill="none" stroke-linecap="round"/>
          ${glasses ? `<circle cx="${x}" cy="${eyes.y}" r="17" fill="none" stroke="#333" stroke-width="3"/>` : ''}`;
      })
      .join('')}
    <path d="M ${face.x} ${eyes.y + 8} q ${between(5, 9)} 22 -3 25" stroke="#0003" stroke-width="3" fill="none" stroke-linecap="round"/>
    <path d="M ${face.x - mouth.width} ${mouth.y} q ${mouth.width} ${mouth.curve} ${mouth.width * 2} 0" stroke="#9c4b45" stroke-width="5" fill="none" stroke-linecap="round"/>
  </svg>`;
  return sharp(Buffer.from(svg)).jpeg({ quality: 82 }).toBuffer();
}
