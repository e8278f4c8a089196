@customer-company/properties-unspecified
Feature: The properties that a customer and its company share, as far as the supplement suggests them

  Background:
    Given a Customerp Customer linked with its Invoiced Customer

  @id:several-from-customerp
  Scenario: Several properties saved together in Customerp arrive together, with one write
    When these properties are set in Customerp
      | property           | value                |
      | name               | Polarlicht Optik AS  |
      | email              | post@polar.example   |
      | phone              | +47 77 00 00 00      |
      | address.line1      | Storgata 1           |
      | address.line2      | Inngang C            |
      | address.city       | Tromsø               |
      | address.region     | Troms                |
      | address.postalCode | 9008                 |
      | address.country    | NO                   |
      | organisationNumber | 912345678            |
      | currency           | NOK                  |
      | paymentTermsDays   | 14                   |
    And the sync comes to rest
    Then these values stand in Invoiced
      | property      | value               |
      | name          | Polarlicht Optik AS |
      | email         | post@polar.example  |
      | phone         | +47 77 00 00 00     |
      | address1      | Storgata 1          |
      | address2      | Inngang C           |
      | city          | Tromsø              |
      | state         | Troms               |
      | postal_code   | 9008                |
      | country       | NO                  |
      | tax_id        | 912345678           |
      | currency      | nok                 |
      | payment_terms | NET 14              |
    And the sync has written 1 time to Invoiced
    And nothing else has changed on either side
    And one more round writes nothing

  @id:several-from-invoiced
  Scenario: Several properties saved together in Invoiced arrive together, with one write
    When these properties are set in Invoiced
      | property      | value               |
      | name          | Polarlicht Optik AS |
      | email         | post@polar.example  |
      | phone         | +47 77 00 00 00     |
      | address1      | Storgata 1          |
      | address2      | Inngang C           |
      | city          | Tromsø              |
      | state         | Troms               |
      | postal_code   | 9008                |
      | country       | NO                  |
      | tax_id        | 912345678           |
      | currency      | nok                 |
      | payment_terms | NET 14              |
    And the sync comes to rest
    Then these values stand in Customerp
      | property           | value               |
      | name               | Polarlicht Optik AS |
      | email              | post@polar.example  |
      | phone              | +47 77 00 00 00     |
      | address.line1      | Storgata 1          |
      | address.line2      | Inngang C           |
      | address.city       | Tromsø              |
      | address.region     | Troms               |
      | address.postalCode | 9008                |
      | address.country    | NO                  |
      | organisationNumber | 912345678           |
      | currency           | NOK                 |
      | paymentTermsDays   | 14                  |
    And the sync has written 1 time to Customerp
    And nothing else has changed on either side
    And one more round writes nothing

  @id:unlisted @req:41
  Scenario: A property that is not on the list stays as it is
    When attention_to is set to Accounts Payable in Invoiced
    And the sync comes to rest
    And name is set to Polarlicht Optik AS in Customerp
    And the sync comes to rest
    Then attention_to in Invoiced is Accounts Payable
    And name in Invoiced is Polarlicht Optik AS
    And nothing else has changed on either side
    And one more round writes nothing
