//! `mediary user`.

use mediary_engine::{UserChange, UserDraft};
use mediary_store::{Actor, Company, Store, User};
use serde_json::json;

use crate::cli::UserCommand;
use crate::config::Config;
use crate::output::{Outcome, WrongUsage, print, table};
use crate::wiring::{self, all_pages};
use crate::{password, secrets};

pub(super) async fn run(config: &Config, command: UserCommand) -> anyhow::Result<Outcome> {
    let parts = wiring::parts(config).await?;
    match command {
        UserCommand::Add { of, email, name, role, password_env, output } => {
            let company = wiring::company(&parts.store, &of.company).await?;
            let access = parts.engine.access();
            access.check_new_user(&email, &name).await?;
            let password = password::given_or_asked(password_env.as_deref())?;
            let draft = UserDraft { email, name, role, password };
            let user = access.create_user(company.id, &draft, &Actor::command_line()).await?;
            print(output, &json!({ "id": user.id, "email": user.email }), || {
                format!("Added {} ({}) as {} of {}.", user.name, user.email, user.role, company.name)
            })?;
        }
        UserCommand::Update { of, email, name, role, active, password_env, output } => {
            let company = wiring::company(&parts.store, &of.company).await?;
            let user = find(&parts.store, &company, &email).await?;
            let password = secrets::optional("--password-env", password_env.as_deref())?;
            let change = UserChange { name, role, active, password };
            let by = Actor::command_line();
            let user = parts.engine.access().update_user(company.id, user.id, &change, &by).await?;
            print(output, &json!({ "id": user.id, "email": user.email }), || {
                format!("Changed {}.", user.email)
            })?;
        }
        UserCommand::List { of, output } => {
            let company = wiring::company(&parts.store, &of.company).await?;
            let users = all_pages(async |page| parts.store.users(company.id, &page).await).await?;
            let items: Vec<_> = users
                .iter()
                .map(|u| json!({ "id": u.id, "email": u.email, "name": u.name, "role": u.role, "active": u.active }))
                .collect();
            print(output, &json!({ "items": items }), || {
                let active = |user: &User| if user.active { "yes" } else { "no" }.to_owned();
                let rows = users.iter().map(|u| {
                    vec![u.id.to_string(), u.email.clone(), u.name.clone(), u.role.to_string(), active(u)]
                });
                table(&["ID", "E-MAIL", "NAME", "ROLE", "ACTIVE"], &rows.collect::<Vec<_>>())
            })?;
        }
    }
    parts.store.close().await;
    Ok(Outcome::Done)
}

async fn find(store: &Store, company: &Company, email: &str) -> anyhow::Result<User> {
    let email = email.trim().to_lowercase();
    let found = store.user_by_email(&email).await?.map(|found| found.user);
    found.filter(|user| user.company_id == company.id).ok_or_else(|| {
        let slug = &company.slug;
        let list = format!("`mediary user list --company {slug}` shows who is there");
        WrongUsage(format!("{slug} has nobody with the e-mail address {email:?}; {list}")).into()
    })
}
