/** What can be done with this security, by holders, by anyone, and by its issuer. */
import { isCurated } from '../../chain/accounts';
import type { View } from '../../chain/view';
import { linkTo } from '../../router';
import { useStore } from '../../ui/hooks';
import { session } from '../../wallet/session';

const HOLDER = [
    ['claim', 'Claim'],
    ['send', 'Send'],
    ['redeem', 'Redeem'],
    ['payout-account', 'Where claims pay'],
] as const;
const OPEN = [
    ['register', 'Register'],
    ['unregister', 'Unregister'],
] as const;
const ANYONE = [
    ['distribute', 'Pay in'],
    ['deposit', 'Deposit backing'],
    ['harvest', 'Harvest layers'],
    ['rounds', 'Rounds'],
    ['grants', 'Grants'],
    ['members', 'Members'],
    ['due', 'Do what is due'],
] as const;
const ISSUER = [
    ['grant', 'Grant shares'],
    ['round', 'Announce a round'],
    ['collective', 'Let others join'],
    ['open-vault', 'Open a vault'],
    ['post-update', 'Tell the holders'],
    ['metadata', 'Change name or image'],
    ['issue', 'Issue to yourself'],
    ['retire', 'Give up capacity'],
    ['advance-redemption', 'Open redemption earlier'],
    ['handover', 'Hand over'],
] as const;

type Links = readonly (readonly [action: string, label: string])[];

function Group({ title, links, mint }: { title: string; links: Links; mint: string }) {
    return (
        <div>
            <h2>{title}</h2>
            <ul>
                {links.map(([action, label]) => (
                    <li key={action}>
                        <a className="button small secondary" href={linkTo('security', mint, action)}>
                            {label}
                        </a>
                    </li>
                ))}
            </ul>
        </div>
    );
}

export function ActionLinks({ view: { security } }: { view: View }) {
    const wallet = useStore(session)?.address;
    const holder: Links = isCurated(security) ? HOLDER : [...HOLDER, ...OPEN];
    const issuer: Links = isCurated(security) ? [...ISSUER, ['approvals', 'Approve holders'] as const] : ISSUER;
    return (
        <nav className="actions" aria-label="Actions">
            <Group title="As a holder" links={holder} mint={security.mint} />
            <Group title="Anyone" links={ANYONE} mint={security.mint} />
            {wallet === security.issuer && <Group title="As its issuer" links={issuer} mint={security.mint} />}
            {wallet !== undefined && wallet === security.pendingIssuer && (
                <Group title="You are proposed as issuer" links={[['accept-issuer', 'Accept']]} mint={security.mint} />
            )}
        </nav>
    );
}
