import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Shell } from './shell';
import './styles/base.css';
import { meetWallets } from './wallet/standard';
import { resumeSession } from './wallet/session';
import { applyTheme } from './ui/theme';

applyTheme();
meetWallets();
resumeSession();
createRoot(document.getElementById('app')!).render(
    <StrictMode>
        <Shell />
    </StrictMode>,
);
