/** The Studio: a page over the API of the server that it comes from. */
import { render } from 'preact';
import { App } from './app/app.tsx';
import { showTheme } from './app/theme.ts';
import './style/fonts.css';
import './style/tokens.css';
import './style/base.css';
import './style/shell.css';
import './style/parts.css';
import './style/charts.css';

showTheme();
const place = document.getElementById('studio');
if (place) render(<App />, place);
