import './start/strict.ts';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './style.css';
import { createRoot } from 'react-dom/client';
import { prepareTexts } from './i18n/texts.ts';
import { Application } from './application.tsx';

const root = document.querySelector('#root');
if (root === null) throw new Error('The page has no #root.');
await prepareTexts();
createRoot(root).render(<Application />);
