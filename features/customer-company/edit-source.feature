@customer-company/edit-source
Feature: A customer edited in Customerp arrives in Invoiced

  Background:
    Given a Customerp Customer linked with its Invoiced Customer

  @id:property @req:35 @req:38 @req:47
  Scenario Outline: <case>
    Given its <property> is <before> on both sides
    When <property> is set to <after> in Customerp
    And the sync comes to rest
    Then <counterpart> in Invoiced is <arrived>
    And nothing else has changed on either side
    And one more round writes nothing

    Examples: suggested in the supplement
      | case                       | property           | before         | after                 | counterpart   | arrived              |
      | number changed             | number             | K-1            | K-2                   | number        | K-2                  |
      | number in the other case   | number             | k-1            | K-1                   | number        | K-1                  |
      | name changed               | name               | Nordlicht AS   | Polarlicht AS         | name          | Polarlicht AS        |
      | name in other signs        | name               | Nordlicht AS   | 株式会社 Ünïcode      | name          | 株式会社 Ünïcode     |
      | email changed              | email              | a@example.org  | b@example.org         | email         | b@example.org        |
      | email in capitals          | email              | a@example.org  | AP@Nordlicht.EXAMPLE  | email         | ap@nordlicht.example |
      | email cleared              | email              | a@example.org  | (nothing)             | email         | (nothing)            |
      | phone filled               | phone              | (nothing)      | +47 22 00 00 00       | phone         | +47 22 00 00 00      |
      | phone cleared              | phone              | 5550100        | (nothing)             | phone         | (nothing)            |
      | first line changed         | address.line1      | Hafenstr. 9    | Kai 4, Tor B          | address1      | Kai 4, Tor B         |
      | second line cleared        | address.line2      | 2. Hof         | (nothing)             | address2      | (nothing)            |
      | city changed               | address.city       | Kiel           | Tromsø                | city          | Tromsø               |
      | region filled              | address.region     | (nothing)      | Troms                 | state         | Troms                |
      | leading zero kept          | address.postalCode | 24103          | 0151                  | postal_code   | 0151                 |
      | country changed            | address.country    | DE             | NO                    | country       | NO                   |
      | country cleared            | address.country    | DE             | (nothing)             | country       | US                   |
      | organisation number filled | organisationNumber | (nothing)      | 00912345678           | tax_id        | 00912345678          |
      | currency in capitals       | currency           | EUR            | NOK                   | currency      | nok                  |
      | payment terms changed      | paymentTermsDays   | 30             | 14                    | payment_terms | NET 14               |
      | payment terms cleared      | paymentTermsDays   | 30             | (nothing)             | payment_terms | (nothing)            |
      | customer switched off      | active             | yes            | no                    | active        | no                   |
      | customer switched on       | active             | no             | yes                   | active        | yes                  |
