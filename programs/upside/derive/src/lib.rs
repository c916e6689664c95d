//! The derives of the program `upside`: `Encode` for its events, and `Accounts`: what the framework's derive writes, with two bodies of its own.
//!
//! The framework writes the checks of each account struct as code: some 600 bytes an account, most of them ways to refuse. Here the same
//! `#[account(...)]` attributes, read by the framework's own parser, become a table of a few bytes an account, which one function of
//! the program reads (`upside::checked`). Everything else is the framework's: interface description, bumps, and the structs of clients and
//! callers.
//!
//! A struct may use the types `UncheckedAccount`, `Signer`, `Program` and `AccountLoader`, any of them in an `Option`, and the constraints
//! `mut`, `has_one`, `address`, and `seeds` with `bump`. Anything else is refused when the program is compiled.

use anchor_syn::{AccountField, AccountsStruct, ConstraintGroup, Field, Ty};
use proc_macro::TokenStream;
use quote::{quote, ToTokens};
use syn::{parse_macro_input, parse_quote, Error, Expr, Ident, ImplItem, Item, ItemImpl, ItemStruct, Result};

/// Writes what the framework's derive of this name writes, loading accounts by table.
#[proc_macro_derive(Accounts, attributes(account, instruction))]
pub fn derive_accounts(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as ItemStruct);
    generate(&item).unwrap_or_else(Error::into_compile_error).into()
}

/// Writes `Encode` for a struct of events: its fields one after another, as Borsh does.
#[proc_macro_derive(Encode)]
pub fn derive_encode(item: TokenStream) -> TokenStream {
    let ItemStruct { ident, fields, .. } = parse_macro_input!(item as ItemStruct);
    let names: Vec<_> = fields.members().collect();
    let types: Vec<_> = fields.iter().map(|field| &field.ty).collect();
    let encode = quote!(crate::events::Encode);
    quote!(
        impl #encode for #ident {
            const LEN: usize = 0 #(+ <#types as #encode>::LEN)*;

            #[inline(always)]
            fn encode(&self, to: &mut [u8]) {
                #(
                    let (place, to) = to.split_at_mut(<#types as #encode>::LEN);
                    #encode::encode(&self.#names, place);
                )*
                debug_assert!(to.is_empty());
            }
        }
    )
    .into()
}

fn generate(item: &ItemStruct) -> Result<proc_macro2::TokenStream> {
    let accounts: AccountsStruct = syn::parse2(item.to_token_stream())?;
    let mut written: syn::File = syn::parse2(accounts.to_token_stream())?;
    let bodies = [
        ("Accounts", load(item, &accounts)?),
        // Every account is read and written in place: nothing is left to write back.
        ("AccountsExit", parse_quote!({ Ok(()) })),
    ];
    for (name, body) in bodies {
        let found = written.items.iter_mut().find_map(|item| method_of(item, name));
        let method = found.ok_or_else(|| Error::new(item.ident.span(), format!("the framework wrote no `{name}`")))?;
        *method = with_body(method, body);
    }
    Ok(written.into_token_stream())
}

/// The one method of the implementation of `anchor_lang::NAME`.
fn method_of<'a>(item: &'a mut Item, name: &str) -> Option<&'a mut syn::ImplItemFn> {
    let Item::Impl(ItemImpl {
        trait_: Some((_, path, _)),
        items,
        ..
    }) = item
    else {
        return None;
    };
    match (path.segments.last(), items.as_mut_slice()) {
        (Some(last), [ImplItem::Fn(method)]) if last.ident == name => Some(method),
        _ => None,
    }
}

/// The method with another body, which may use the names below for its parameters.
fn with_body(method: &syn::ImplItemFn, body: syn::Block) -> syn::ImplItemFn {
    const PARAMETERS: [&str; 5] = ["program_id", "accounts", "data", "bumps", "reallocs"];
    let mut method = method.clone();
    method.attrs = vec![
        parse_quote!(#[inline(always)]),
        parse_quote!(#[allow(unused_variables)]),
    ];
    let typed = method.sig.inputs.iter_mut().filter_map(|input| match input {
        syn::FnArg::Typed(parameter) => Some(parameter),
        syn::FnArg::Receiver(_) => None,
    });
    for (parameter, name) in typed.zip(PARAMETERS) {
        let name = Ident::new(name, proc_macro2::Span::call_site());
        *parameter.pat = parse_quote!(#name);
    }
    method.block = body;
    method
}

/// The body of `try_accounts`.
fn load(item: &ItemStruct, accounts: &AccountsStruct) -> Result<syn::Block> {
    let fields = accounts.fields.iter().map(plain).collect::<Result<Vec<_>>>()?;
    let names: Vec<_> = fields.iter().map(|field| &field.ident).collect();
    let number = fields.len();
    let spelled = names.iter().map(|name| name.to_string());
    let mut rules = Vec::new();
    let mut checks = Vec::new();
    let mut types = Vec::new();
    let mut derived = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        rules.extend(rule(index as u8, field)?);
        checks_of(index as u8, field, &fields, &mut checks, &mut types)?;
        derived.extend(derived_of(field)?);
    }
    let values = fields.iter().map(|field| value(field));
    let arguments = if derived.is_empty() {
        Vec::new()
    } else {
        arguments(item)?
    };
    Ok(parse_quote!({
        #(#types)*
        const TABLE: &crate::checked::Table = &crate::checked::Table {
            names: &[#(#spelled),*],
            rules: &[#(#rules),*],
            checks: &[#(#checks),*],
        };
        let [#(#names),*] = crate::checked::take::<#number>(accounts, TABLE)?;
        #(let #names = #values;)*
        #(#arguments)*
        #(#derived)*
        Ok(Self { #(#names),* })
    }))
}

/// A field that is an account, with the constraints that a table can hold.
fn plain(field: &AccountField) -> Result<&Field> {
    let field = match field {
        AccountField::Field(field) => field,
        AccountField::CompositeField(group) => {
            return Err(Error::new(
                group.ident.span(),
                "a group of accounts cannot be loaded by table",
            ));
        }
    };
    let ConstraintGroup {
        init: None,
        zeroed: None,
        mutable: _,
        dup: None,
        signer: None,
        owner: None,
        rent_exempt: None,
        seeds: _,
        executable: None,
        has_one: _,
        raw,
        close: None,
        address: _,
        associated_token: None,
        token_account: None,
        mint: None,
        realloc: None,
    } = &field.constraints
    else {
        return Err(unsupported(field));
    };
    if raw.is_empty() {
        Ok(field)
    } else {
        Err(unsupported(field))
    }
}

fn unsupported(field: &Field) -> Error {
    let constraints = "only the constraints mut, has_one, address, and seeds with bump are loaded by table";
    Error::new(field.ident.span(), constraints)
}

/// What the account alone must be, if anything.
fn rule(index: u8, field: &Field) -> Result<Option<proc_macro2::TokenStream>> {
    let (optional, writable) = (field.is_optional, field.constraints.is_mutable());
    if field
        .constraints
        .mutable
        .as_ref()
        .is_some_and(|mutable| mutable.error.is_some())
    {
        return Err(Error::new(field.ident.span(), "`mut` has no error of its own"));
    }
    let kind = match &field.ty {
        Ty::UncheckedAccount if !writable => return Ok(None),
        Ty::UncheckedAccount => quote!(Any),
        Ty::Signer => quote!(Signer),
        Ty::Program(program) => {
            let program = &program.account_type_path;
            quote!(program::<#program>())
        }
        Ty::AccountLoader(state) => {
            let state = &state.account_type_path;
            quote!(state::<#state>())
        }
        _ => {
            let types = "only UncheckedAccount, Signer, Program and AccountLoader are loaded by table";
            return Err(Error::new(field.ident.span(), types));
        }
    };
    Ok(Some(quote!(crate::checked::Rule {
        account: #index,
        kind: crate::checked::Kind::#kind,
        writable: #writable,
        optional: #optional,
    })))
}

/// What the account must be beside others, in the framework's order; and code that compiles only if what is compared are keys.
fn checks_of(
    index: u8,
    field: &Field,
    fields: &[&Field],
    checks: &mut Vec<proc_macro2::TokenStream>,
    types: &mut Vec<proc_macro2::TokenStream>,
) -> Result<()> {
    for has_one in &field.constraints.has_one {
        let Ty::AccountLoader(state) = &field.ty else {
            return Err(Error::new(field.ident.span(), "`has_one` belongs to an AccountLoader"));
        };
        let state = &state.account_type_path;
        let target = &has_one.join_target;
        let other = fields
            .iter()
            .position(|other| other.ident == target.to_token_stream().to_string());
        let other = other.filter(|other| !fields[*other].is_optional);
        let Some(other) = other else {
            return Err(Error::new_spanned(
                target,
                "`has_one` names an account of this struct that is not optional",
            ));
        };
        let other = other as u8;
        types.push(quote!(const _: fn(&#state) -> &Pubkey = |state| &state.#target;));
        let at = quote!(crate::checked::offset(::core::mem::offset_of!(#state, #target)));
        let must = quote!(Name { other: #other, at: #at });
        checks.push(check(
            index,
            field,
            must,
            has_one.error.as_ref(),
            quote!(ConstraintHasOne),
        ));
    }
    if let Some(constraint) = &field.constraints.address {
        let address = &constraint.address;
        let must = quote!(BeAt(&{ #address }));
        checks.push(check(
            index,
            field,
            must,
            constraint.error.as_ref(),
            quote!(ConstraintAddress),
        ));
    }
    Ok(())
}

fn check(
    index: u8,
    field: &Field,
    must: proc_macro2::TokenStream,
    ours: Option<&Expr>,
    frameworks: proc_macro2::TokenStream,
) -> proc_macro2::TokenStream {
    let optional = field.is_optional;
    let refusal = match ours {
        Some(error) => quote!(Ours(#error)),
        None => quote!(Frameworks(ErrorCode::#frameworks)),
    };
    quote!(crate::checked::Check {
        account: #index,
        optional: #optional,
        must: crate::checked::Must::#must,
        refusal: crate::checked::Refusal::#refusal,
    })
}

/// Code that derives the address of an account from seeds and keeps the bump.
fn derived_of(field: &Field) -> Result<Option<proc_macro2::TokenStream>> {
    let Some(group) = &field.constraints.seeds else {
        return Ok(None);
    };
    if field.is_optional || group.bump.is_some() || group.program_seed.is_some() {
        let seeds = "`seeds` belongs to an account that is not optional, of this program, with `bump` to be found";
        return Err(Error::new(field.ident.span(), seeds));
    }
    let (ident, name, seeds) = (&field.ident, field.ident.to_string(), &group.seeds);
    Ok(Some(
        quote!(bumps.#ident = crate::checked::derived(&#ident, #name, [#seeds])?;),
    ))
}

/// Code that reads the arguments that `#[instruction(...)]` names.
fn arguments(item: &ItemStruct) -> Result<Vec<proc_macro2::TokenStream>> {
    let Some(attribute) = item
        .attrs
        .iter()
        .find(|attribute| attribute.path().is_ident("instruction"))
    else {
        return Ok(Vec::new());
    };
    let arguments =
        attribute.parse_args_with(syn::punctuated::Punctuated::<syn::PatType, syn::Token![,]>::parse_terminated)?;
    let first = quote!(let mut data = data;);
    let read = arguments.into_iter().map(|argument| {
        let (name, ty) = (&argument.pat, &argument.ty);
        quote!(let #name: #ty = crate::checked::argument(&mut data)?;)
    });
    Ok(std::iter::once(first).chain(read).collect())
}

/// The field's value, made of the account of its name.
fn value(field: &Field) -> proc_macro2::TokenStream {
    let ident = &field.ident;
    let made = match &field.ty {
        Ty::UncheckedAccount => quote!(UncheckedAccount::try_from),
        Ty::Signer => quote!(crate::checked::Signer::checked),
        Ty::Program(_) => quote!(crate::checked::Program::checked),
        _ => quote!(crate::checked::AccountLoader::checked),
    };
    if field.is_optional {
        quote!(crate::checked::given(#ident).map(#made))
    } else {
        quote!(#made(#ident))
    }
}

#[cfg(test)]
mod tests;
