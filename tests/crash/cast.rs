//! Who takes part. All of them come in as people do: by set-up, and by the letters that invite them.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    book::{Book, Deed},
    child::Server,
    client::Client,
    dice::Dice,
    kit::PASSWORD,
    writer::{ACCOUNT, LEAST, OFFER, Person, Stands, Writer},
};

/// How many people come and go with each writer.
const PEOPLE: usize = 3;

/// Sets the program up, and lets everybody in.
pub async fn cast(server: &Server, data: &Path, writers: usize, dice: &mut Dice, book: &mut Book) -> Vec<Writer> {
    let mut ada = Client::new(&server.base);
    let token = server.token();
    let fields =
        [("token", token.as_str()), ("account", "Acme"), ("name", "Ada Lovelace"), ("email", "ada@example.com"), ("password", PASSWORD)];
    let page = ada.post("/setup", &fields).await.unwrap();
    assert_eq!(page.location(), ACCOUNT, "{}", page.text());
    let mut house = House { base: &server.base, data, ada, book };
    let mut all = Vec::new();
    for number in 0..writers {
        let me = house.let_in(&format!("writer{number}@example.com"), true).await;
        let target = house.let_in(&format!("target{number}@example.com"), false).await;
        let id = house.member(&target.email).await;
        let mut people = Vec::new();
        for n in 0..PEOPLE {
            people.push(house.let_in(&format!("person{number}-{n}@example.com"), false).await);
        }
        all.push(Writer::new(number, dice.hand_out(), &server.base, me, [id, target.email], people));
    }
    all
}

struct House<'a> {
    base: &'a str,
    data: &'a Path,
    ada: Client,
    book: &'a mut Book,
}

impl House<'_> {
    /// Invites somebody, who signs up by the letter, which proves their address.
    async fn let_in(&mut self, email: &str, is_administrator: bool) -> Person {
        let mut fields = vec![("email", email)];
        fields.extend(LEAST);
        if is_administrator {
            fields.push(("administrator", "yes"));
        }
        let answer = self.ada.post(&format!("{ACCOUNT}/invitations/new"), &fields).await;
        assert!(self.book.note(Deed::Invite, answer.as_ref(), "#link", email), "{answer:?}");
        let token = self.letter(email).await;
        let mut client = Client::new(self.base);
        let path = format!("/invitations/{token}/sign-up");
        let answer = client.post(&path, &[("name", "Somebody new"), ("password", PASSWORD)]).await;
        assert!(self.book.note(Deed::SignUp, answer.as_ref(), OFFER, email), "{answer:?}");
        Person { email: email.to_owned(), client, stands: Stands::Inside }
    }

    /// The token in the letter to an address, once it is there.
    async fn letter(&self, email: &str) -> String {
        let began = Instant::now();
        loop {
            for file in std::fs::read_dir(self.data.join("mail")).into_iter().flatten() {
                let path = file.unwrap().path();
                if path.extension().is_none_or(|ending| ending != "eml") {
                    continue;
                }
                let text = std::fs::read_to_string(path).unwrap();
                if text.contains(&format!("To: {email}")) {
                    return token(&text);
                }
            }
            assert!(began.elapsed() < Duration::from_secs(20), "no letter to {email}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// The id of a member.
    async fn member(&mut self, email: &str) -> String {
        let page = self.ada.get(&format!("{ACCOUNT}/members?q={email}")).await.unwrap();
        let links = page.attributes("table.members tbody a", "href");
        links.first().expect("a member").rsplit('/').next().unwrap().to_owned()
    }
}

/// The token in a letter's link; lines may be broken, as quoted-printable text does.
fn token(letter: &str) -> String {
    let whole = letter.replace("=\r\n", "");
    let (_, behind) = whole.split_once("/invitations/").expect("a link");
    behind.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect()
}
